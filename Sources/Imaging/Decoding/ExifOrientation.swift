/// Reads the orientation out of an EXIF block, which is a small TIFF file.
///
/// Tag 0x0112 of IFD0, type SHORT, count 1, value 1 to 8; anything else, and any block that
/// cannot be followed, means upright. Other directories are not looked at.
enum ExifOrientation {
    private static let entryLength = 12
    private static let shortType = 3
    private static let orientationTag = 0x0112

    /// - Parameter tiff: The block from its byte order mark on.
    /// - Returns: The orientation, `upright` when there is none that can be used.
    static func read(_ tiff: UnsafeBufferPointer<UInt8>.SubSequence) -> Orientation {
        guard let block = TIFFBlock(tiff), let directory = block.long(at: 4),
            let count = block.short(at: directory)
        else { return .upright }
        for index in 0..<count {
            let entry = directory + 2 + index * entryLength
            guard let tag = block.short(at: entry) else { return .upright }
            guard tag == orientationTag else { continue }
            guard block.short(at: entry + 2) == shortType, block.long(at: entry + 4) == 1,
                let value = block.short(at: entry + 8), block.contains(entry, entryLength)
            else { return .upright }
            return Orientation(rawValue: UInt16(value)) ?? .upright
        }
        return .upright
    }
}

/// Numbers of a TIFF block by their offset, `nil` beyond its end.
private struct TIFFBlock {
    private let bytes: UnsafeBufferPointer<UInt8>.SubSequence
    private let isBigEndian: Bool

    init?(_ bytes: UnsafeBufferPointer<UInt8>.SubSequence) {
        let start = bytes.prefix(4)
        if start.elementsEqual([0x4D, 0x4D, 0, 42]) {
            isBigEndian = true
        } else if start.elementsEqual([0x49, 0x49, 42, 0]) {
            isBigEndian = false
        } else {
            return nil
        }
        self.bytes = bytes
    }

    func contains(_ offset: Int, _ count: Int) -> Bool {
        offset >= 0 && offset <= bytes.count - count
    }

    func short(at offset: Int) -> Int? { number(at: offset, count: 2) }

    func long(at offset: Int) -> Int? { number(at: offset, count: 4) }

    private func number(at offset: Int, count: Int) -> Int? {
        guard contains(offset, count) else { return nil }
        let start = bytes.startIndex + offset
        return (0..<count).reduce(0) { value, index in
            value << 8 | Int(bytes[start + (isBigEndian ? index : count - 1 - index)])
        }
    }
}
