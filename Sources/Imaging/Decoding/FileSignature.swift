/// What the first bytes of a file say that it is; its name never matters.
enum FileSignature: Equatable {
    case jpeg
    case png
    /// A format that is known but not decoded, by name.
    case other(String)
    case unknown

    private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let jpeg2000Box: [UInt8] = [
        0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A,
    ]
    /// No signature reaches beyond this many bytes.
    static let length = 26

    /// Judges a file by its beginning.
    ///
    /// - Parameter bytes: The file, or at least its first 26 bytes.
    init(of bytes: UnsafeBufferPointer<UInt8>) {
        func has(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            bytes.count >= offset + signature.count
                && signature.indices.allSatisfy { bytes[offset + $0] == signature[$0] }
        }
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            has(text.withUTF8Buffer { Array($0) }, at: offset)
        }
        if has([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if has(Self.pngSignature) {
            self = .png
        } else if has("GIF87a") || has("GIF89a") {
            self = .other("GIF")
        } else if has("BM"), bytes.count >= 26 {
            self = .other("BMP")
        } else if has("RIFF"), has("WEBP", at: 8) {
            self = .other("WebP")
        } else if has([0x49, 0x49, 0x2A, 0]) || has([0x4D, 0x4D, 0, 0x2A]) {
            self = .other("TIFF")
        } else if has(Self.jpeg2000Box) || has([0xFF, 0x4F, 0xFF, 0x51]) {
            self = .other("JPEG 2000")
        } else if has("ftyp", at: 4) {
            self = .other("HEIF, AVIF or MP4")
        } else {
            self = .unknown
        }
    }

    /// The error for a file that has no decoder, or `nil`.
    func refusal(place: String, count: Int) -> ImageError? {
        switch self {
        case .jpeg, .png: nil
        case .other(let name):
            ImageError(.unsupported, "\(name) files are not decoded", place: place)
        case .unknown where count == 0:
            ImageError(.notAnImage, "the file is empty", place: place)
        case .unknown:
            ImageError(.notAnImage, "the content is no image that is known", place: place)
        }
    }
}
