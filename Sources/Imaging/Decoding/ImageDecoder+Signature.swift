extension ImageDecoder {
    /// Whether a file begins like an image of any kind, one that is not decoded included.
    ///
    /// - Parameter path: The file.
    /// - Returns: False also for a file that cannot be read.
    public static func isImage(path: String) -> Bool {
        guard let file = try? ReadableFile(path: path),
            let bytes = try? file.read(upTo: FileSignature.length)
        else { return false }
        return bytes.withUnsafeBufferPointer { FileSignature(of: $0) != .unknown }
    }
}
