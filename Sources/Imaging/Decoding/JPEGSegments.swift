/// The segments of a JPEG file before its first scan, found as libjpeg finds them.
///
/// Bytes that are no marker are passed over; a segment whose length is below 2 ends behind its
/// length field. Time is linear in the bytes looked at.
struct JPEGSegments {
    /// Width and height of the first frame header, as stored.
    private(set) var size: ImageSize?
    /// What the first Exif segment says.
    private(set) var orientation: Orientation?
    /// Whether the first scan or the end of the image was reached.
    private(set) var isComplete = false

    private static let exif: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]

    /// Scans a file or its beginning.
    ///
    /// - Parameter bytes: The file from its first byte on.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        var position = 2
        while let marker = Self.nextMarker(bytes, &position) {
            if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
            if marker == 0xDA || marker == 0xD9 {
                isComplete = true
                return
            }
            guard position + 2 <= bytes.count else { return }
            let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
            let end = position + max(length, 2)
            guard end <= bytes.count else { return }
            read(marker, bytes[position + 2..<end])
            position = end
        }
    }

    private mutating func read(
        _ marker: UInt8, _ content: UnsafeBufferPointer<UInt8>.SubSequence
    ) {
        let start = content.startIndex
        switch marker {
        case 0xE1 where orientation == nil && content.starts(with: Self.exif):
            orientation = ExifOrientation.read(content.dropFirst(Self.exif.count))
        case 0xC0...0xCF where marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
            guard size == nil, content.count >= 5 else { return }
            size = ImageSize(
                width: Int(content[start + 3]) << 8 | Int(content[start + 4]),
                height: Int(content[start + 1]) << 8 | Int(content[start + 2]))
        default: break
        }
    }

    private static func nextMarker(
        _ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int
    ) -> UInt8? {
        while position < bytes.count {
            while position < bytes.count, bytes[position] != 0xFF { position += 1 }
            while position < bytes.count, bytes[position] == 0xFF { position += 1 }
            guard position < bytes.count else { return nil }
            position += 1
            if bytes[position - 1] != 0 { return bytes[position - 1] }
        }
        return nil
    }
}
