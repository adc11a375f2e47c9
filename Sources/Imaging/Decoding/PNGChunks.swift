import CImageCodecs

/// The chunks of a PNG file before its image data, as far as sizes and orientation need them.
struct PNGChunks {
    /// Width and height of a valid IHDR.
    private(set) var size: ImageSize?
    /// Whether a valid IHDR is the first chunk, so that no earlier fault can decide.
    private(set) var beginsWithHeader = false
    /// Channels times bytes a sample by IHDR alone, without a possible alpha of tRNS.
    private(set) var bytesPerPixel = 0
    /// What the first eXIf chunk with a right CRC says.
    private(set) var orientation: Orientation?
    /// Whether image data or the end was reached, or nothing more can be found.
    private(set) var isComplete = false

    private static let header: UInt32 = 0x4948_4452
    private static let data: UInt32 = 0x4944_4154
    private static let end: UInt32 = 0x4945_4E44
    private static let exif: UInt32 = 0x6558_4966

    /// Scans a file or its beginning.
    ///
    /// - Parameter bytes: The file from its first byte on.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        var position = 8
        while position + 12 <= bytes.count {
            let length = Self.long(bytes, position)
            let name = UInt32(Self.long(bytes, position + 4))
            if name == Self.data || name == Self.end || length > Int(Int32.max) {
                isComplete = true
                return
            }
            let next = position + 12 + length
            guard next <= bytes.count else { return }
            read(name, bytes, position + 4, length)
            if position == 8 { beginsWithHeader = size != nil }
            if size == nil, Self.isCritical(name) {
                isComplete = true
                return
            }
            position = next
        }
    }

    private mutating func read(
        _ name: UInt32, _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ length: Int
    ) {
        let isHeader = name == Self.header && size == nil && length == 13
        let isExif = name == Self.exif && orientation == nil
        guard isHeader || isExif else { return }
        let checked = UnsafeBufferPointer(rebasing: bytes[start..<start + 4 + length])
        guard
            codec_crc32(checked.baseAddress, checked.count)
                == UInt32(Self.long(bytes, start + 4 + length))
        else { return }
        if isHeader {
            readHeader(bytes, start + 4)
        } else {
            orientation = ExifOrientation.read(checked[4...])
        }
    }

    private mutating func readHeader(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) {
        let sides = 1...Int(Int32.max)
        let width = Self.long(bytes, start)
        let height = Self.long(bytes, start + 4)
        let depth = Int(bytes[start + 8])
        guard sides.contains(width), sides.contains(height),
            let channels = Self.channels(colorType: bytes[start + 9], depth: depth),
            bytes[start + 10] == 0, bytes[start + 11] == 0, bytes[start + 12] <= 1
        else { return }
        size = ImageSize(width: width, height: height)
        bytesPerPixel = channels * (depth == 16 ? 2 : 1)
    }

    /// Whether a picture cannot be shown without this chunk, which its first letter says.
    private static func isCritical(_ name: UInt32) -> Bool { name & 0x2000_0000 == 0 }

    /// Channels as decoded, or `nil` for a combination that PNG does not know.
    private static func channels(colorType: UInt8, depth: Int) -> Int? {
        let channels: [UInt8: Int] = [0: 1, 2: 3, 3: 3, 4: 2, 6: 4]
        let depths: [UInt8: [Int]] = [
            0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
        ]
        return depths[colorType]?.contains(depth) == true ? channels[colorType] : nil
    }

    private static func long(_ bytes: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Int {
        (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }
}
