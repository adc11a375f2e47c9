/// What becomes of a file that is damaged but not beyond recognition.
public enum DecodeMode: Sendable {
    /// Any damage to pixels is an error.
    case strict
    /// A damaged image is delivered, with a warning, if enough of it came.
    case lenient
}

/// An image as it came out of a file.
public struct DecodedImage: Sendable {
    /// The pixels after EXIF orientation.
    public let image: Image
    /// Size of the whole image after orientation; larger than `image` after a reduction.
    public let fullSize: ImageSize
    /// What the decoder complained of although it delivered; empty when all was well.
    public let warnings: [String]
}

/// How to decode, and under which name to report.
struct DecodeRequest {
    let name: String
    let mode: DecodeMode
    let minimumSize: ImageSize?

    /// The largest reduction of 1, 2, 4, 8 that leaves both sides at least the minimum.
    func reduction(of size: ImageSize) -> Int {
        guard let minimum = minimumSize else { return 1 }
        return [8, 4, 2].first {
            size.width >= minimum.width * $0 && size.height >= minimum.height * $0
        } ?? 1
    }
}

/// Decodes JPEG and PNG, chosen by content and never by name.
///
/// At most 100,000,000 pixels and 536,870,912 decoded bytes, judged before anything is allocated,
/// and files of at most 1 GiB.
/// EXIF orientation is applied. Colour profiles and gamma are not.
public enum ImageDecoder {
    /// Decodes a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - mode: What becomes of damaged files.
    ///   - minimumSize: If given, a large JPEG may come at 1/2, 1/4 or 1/8 of its size, as long
    ///     as both sides stay at least this long. Saves most of the time of a decode that is
    ///     followed by a reduction.
    /// - Returns: The image and the decoder's complaints.
    /// - Throws: `ImageError`.
    public static func decode(
        path: String, mode: DecodeMode = .strict, minimumSize: ImageSize? = nil
    ) throws(ImageError) -> DecodedImage {
        let file = try ReadableFile(path: path)
        let start = try file.read(upTo: FileSignature.length)
        let refusal = start.withUnsafeBufferPointer {
            FileSignature(of: $0).refusal(place: path, count: $0.count)
        }
        if let refusal { throw refusal }
        try DecodeLimits.check(fileBytes: file.count, place: path)
        return try decode(
            bytes: file.read(upTo: file.count), name: path, mode: mode, minimumSize: minimumSize)
    }

    /// Decodes the content of a file.
    ///
    /// - Parameters:
    ///   - bytes: The content.
    ///   - name: What messages call it.
    ///   - mode: What becomes of damaged files.
    ///   - minimumSize: As for files.
    /// - Returns: The image and the decoder's complaints.
    /// - Throws: `ImageError`.
    public static func decode(
        bytes: [UInt8], name: String, mode: DecodeMode = .strict, minimumSize: ImageSize? = nil
    ) throws(ImageError) -> DecodedImage {
        let request = DecodeRequest(name: name, mode: mode, minimumSize: minimumSize)
        return try bytes.withUnsafeBufferPointer { bytes throws(ImageError) -> DecodedImage in
            let signature = FileSignature(of: bytes)
            if let refusal = signature.refusal(place: name, count: bytes.count) { throw refusal }
            return signature == .png
                ? try PNGDecoder.decode(bytes, request) : try JPEGDecoder.decode(bytes, request)
        }
    }

    /// Reads the size of an image after EXIF orientation, without decoding it.
    ///
    /// Reads 64 KiB, and more only while the header goes on.
    ///
    /// - Parameter path: The file.
    /// - Returns: Width and height after orientation.
    /// - Throws: `ImageError`; damage behind the header is not noticed.
    public static func header(path: String) throws(ImageError) -> ImageSize {
        let file = try ReadableFile(path: path)
        var length = 65_536
        while true {
            let bytes = try file.read(upTo: length)
            let isAll = bytes.count < length
            let found = try bytes.withUnsafeBufferPointer {
                bytes throws(ImageError) -> ImageSize? in
                try headerSize(bytes, isAll: isAll, name: path)
            }
            try DecodeLimits.check(fileBytes: file.count, place: path)
            if let found { return found }
            length *= 4
        }
    }

    /// `nil` asks for more of the file.
    private static func headerSize(
        _ bytes: UnsafeBufferPointer<UInt8>, isAll: Bool, name: String
    ) throws(ImageError) -> ImageSize? {
        let signature = FileSignature(of: bytes)
        if let refusal = signature.refusal(place: name, count: bytes.count) { throw refusal }
        let stored: ImageSize?
        let orientation: Orientation?
        if signature == .png {
            let chunks = PNGChunks(bytes)
            guard chunks.isComplete || isAll else { return nil }
            (stored, orientation) = (chunks.size, chunks.orientation)
        } else {
            let segments = JPEGSegments(bytes)
            guard segments.isComplete || isAll else { return nil }
            (stored, orientation) = (segments.size, segments.orientation)
        }
        guard let stored, stored.width > 0, stored.height > 0 else {
            throw ImageError(.corrupt, "the file has no valid image header", place: name)
        }
        try DecodeLimits.check(stored, bytesPerPixel: 1, place: name)
        return (orientation ?? .upright).applied(to: stored)
    }
}
