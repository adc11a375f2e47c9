import Foundation
import Imaging
import Testing

@Suite struct OrientationTests {
    /// Row and column of the stored image for a pixel of the upright one, after the table of
    /// EXIF: which edge of the picture the stored first row and first column are.
    private func stored(
        _ orientation: Orientation, x: Int, y: Int, width: Int, height: Int
    ) -> (x: Int, y: Int) {
        switch orientation {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .halfTurn: (width - 1 - x, height - 1 - y)
        case .flipped: (x, height - 1 - y)
        case .transposed: (y, x)
        case .quarterTurn: (y, height - 1 - x)
        case .transversed: (width - 1 - y, height - 1 - x)
        case .threeQuarterTurn: (width - 1 - y, x)
        }
    }

    private func exif(_ orientation: Orientation, isBigEndian: Bool) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            let bytes = (0..<count).map { UInt8(value >> (8 * $0) & 255) }
            return isBigEndian ? bytes.reversed() : bytes
        }
        let mark: [UInt8] = isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
        let entry = number(0x0112, 2) + number(3, 2) + number(1, 4)
        let value = number(Int(orientation.rawValue), 2) + [0, 0]
        return mark + number(42, 2) + number(8, 4) + number(1, 2) + entry + value + number(0, 4)
    }

    @Test(arguments: Orientation.allCases) func pixelsGoWhereExifSays(orientation: Orientation) {
        let image = Sample.image(width: 7, height: 5, channels: 3)
        let turned = image.oriented(orientation)
        #expect(turned.size == orientation.applied(to: image.size))
        for y in 0..<turned.height {
            for x in 0..<turned.width {
                let from = stored(orientation, x: x, y: y, width: 7, height: 5)
                for channel in 0..<3 {
                    #expect(
                        turned.bytes[(y * turned.width + x) * 3 + channel]
                            == image.bytes[(from.y * 7 + from.x) * 3 + channel])
                }
            }
        }
    }

    @Test(arguments: Orientation.allCases, [true, false])
    func jpegOrientationIsApplied(orientation: Orientation, isBigEndian: Bool) throws {
        let plain = try ImageEncoder.encode(
            Sample.image(width: 33, height: 17, channels: 3), .jpeg(quality: 90))
        let content = Array("Exif".utf8) + [0, 0] + exif(orientation, isBigEndian: isBigEndian)
        let segment = [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content
        let tagged = plain[..<2] + segment + plain[2...]
        let upright = try ImageDecoder.decode(bytes: plain, name: "plain").image
        let decoded = try ImageDecoder.decode(bytes: Array(tagged), name: "tagged")
        #expect(decoded.image == upright.oriented(orientation))
        #expect(decoded.fullSize == orientation.applied(to: upright.size))
        let path = FileManager.default.temporaryDirectory
            .appending(path: "orientation-\(orientation.rawValue)-\(isBigEndian).jpg").path()
        try Data(tagged).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try ImageDecoder.header(path: path) == decoded.image.size)
    }
}
