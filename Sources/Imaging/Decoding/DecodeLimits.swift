/// The limits that are judged from a header, before anything is allocated or decoded.
enum DecodeLimits {
    static let pixels = 100_000_000
    static let decodedBytes = 536_870_912
    /// No image within the other limits needs as much, whatever its format.
    static let fileBytes = 1_073_741_824

    /// Refuses what exceeds a limit.
    ///
    /// - Parameters:
    ///   - size: Width and height that the header promises, each below 2 to the 32nd.
    ///   - bytesPerPixel: Channels times bytes a sample, as decoded.
    ///   - place: The file, for the message.
    /// - Throws: `tooLarge`.
    static func check(_ size: ImageSize, bytesPerPixel: Int, place: String) throws(ImageError) {
        let pixels = size.width * size.height
        guard pixels <= Self.pixels else {
            throw ImageError(
                .tooLarge, "\(size.width) x \(size.height) pixels exceed the limit of 100,000,000",
                place: place)
        }
        guard pixels * bytesPerPixel <= decodedBytes else {
            throw ImageError(
                .tooLarge,
                "\(size.width) x \(size.height) pixels of \(bytesPerPixel) bytes exceed 512 MiB",
                place: place)
        }
    }

    /// Refuses a file that would fill the memory before its header is judged.
    ///
    /// - Parameters:
    ///   - count: Bytes of the file.
    ///   - place: The file, for the message.
    /// - Throws: `tooLarge`.
    static func check(fileBytes count: Int, place: String) throws(ImageError) {
        guard count <= fileBytes else {
            throw ImageError(.tooLarge, "a file of \(count) bytes exceeds 1 GiB", place: place)
        }
    }
}
