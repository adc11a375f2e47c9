import Annotations
import Testing

@Suite struct RunLengthMaskTests {
    @Test(arguments: [(0, 0), (1, 1), (1, 7), (7, 1), (5, 6), (13, 4)])
    func pixelsGoThereAndBack(height: Int, width: Int) throws {
        for seed in 0..<8 {
            let pixels = (0..<height * width).map { UInt8(($0 * 7 + seed * $0 / 3 + seed) % 3 / 2) }
            let mask = try RunLengthMask(pixels: pixels, height: height, width: width)
            #expect(mask.pixels == pixels)
            #expect(mask.area == pixels.count { $0 == 1 })
            #expect(mask.counts.reduce(0, +) == UInt32(pixels.count))
        }
    }

    @Test func runsGoDownTheColumns() throws {
        let mask = try RunLengthMask(pixels: [0, 1, 0, 1, 1, 0], height: 2, width: 3)
        #expect(mask.counts == [1, 3, 2])
        #expect(mask.box == BoxXYWH(x: 0, y: 0, width: 2, height: 2))
    }

    @Test func runOverTwoColumnsHasFullHeight() throws {
        let mask = try RunLengthMask(height: 4, width: 3, counts: [3, 2, 7])
        #expect(mask.box == BoxXYWH(x: 0, y: 0, width: 2, height: 4))
    }

    @Test(
        arguments: [
            (2, 3, [], "empty"), (2, 3, [5], "add up"), (2, 3, [3, 4], "add up"),
            (-1, 3, [0], "size"), (1 << 20, 1 << 20, [1], "size"), (Int.max, 2, [1], "size"),
        ] as [(Int, Int, [UInt32], String)])
    func impossibleMaskIsRefused(height: Int, width: Int, counts: [UInt32], reason: String) {
        let error = #expect(throws: RunLengthError.self) {
            try RunLengthMask(height: height, width: width, counts: counts)
        }
        #expect(error?.what.contains(reason) == true)
    }
}
