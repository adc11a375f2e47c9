import KernelInterface
import Tensors
import Testing

@Suite struct WarpTests {
    private static let width = 19
    private static let height = 13

    /// A picture without structure, so that every mistake in addressing shows.
    private static let pixels: [UInt8] = (0..<width * height * 3 + PixelWarp.sourceMargin).map {
        UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 11)
    }

    private static func walk(_ x: Double, _ y: Double, _ dx: Double, _ dy: Double) -> [Int] {
        [x, y, dx, dy].map { Int(($0 * 16_777_216).rounded()) }
    }

    @Test(arguments: KernelChoice.runnable, [0, 1, 2, 3, 7, 16, 17])
    func warpMatchesBilinearFormula(table: KernelTable, count: Int) {
        let walk = Self.walk(0.3, 9.7, 0.97, -0.43)
        var colors = ColorCoefficients()
        colors.red = [0.5, 0.1, -0.2, 0]
        colors.green = [0.25, 0.8, 0.1, 0]
        colors.blue = [-0.3, 0.05, 0.9, 0]
        colors.offset = [12, -7, 3, 0]
        colors.low = [20, 10, 5, 0]
        colors.high = [120, 200, 150, 0]
        var result = [Float](repeating: -1, count: count * 3 + 4)
        table.warp.warp(
            Self.pixels, Self.width * 3, walk, PixelWarp.packed(colors), &result, count)
        for index in 0..<count {
            let sample = Self.bilinear(
                0.3 + 0.97 * Double(index), 9.7 - 0.43 * Double(index))
            for channel in 0..<3 {
                let mixed =
                    colors.red[channel] * sample[0] + colors.green[channel] * sample[1]
                    + colors.blue[channel] * sample[2] + colors.offset[channel]
                let expected = min(max(mixed, colors.low[channel]), colors.high[channel])
                // Weights are rounded down to 1/64: at most 255/64 an axis and a contribution.
                #expect(abs(result[index * 3 + channel] - expected) < 8.5)
            }
        }
        #expect(result[(count * 3)...].allSatisfy { $0 == -1 }, "nothing is written past the end")
    }

    @Test(arguments: KernelChoice.runnable)
    func weightsAreExactOnSixtyFourths(table: KernelTable) {
        var result = [Float](repeating: 0, count: 3)
        for step in 0..<64 {
            let (x, y) = (4 + Double(step) / 64, 7 + Double(63 - step) / 64)
            table.warp.warp(
                Self.pixels, Self.width * 3, Self.walk(x, y, 0, 0),
                PixelWarp.packed(ColorCoefficients()), &result, 1)
            let expected = Self.bilinear(x, y)
            #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test(arguments: KernelChoice.runnable, [0, 1, 5, 9])
    func halvingIsTheRoundedMean(table: KernelTable, count: Int) {
        let upper = Array(Self.pixels[3..<3 + 60])
        let lower = Array(Self.pixels[100..<160])
        var result = [UInt8](repeating: 7, count: 31)
        table.warp.halve(upper, lower, &result, count)
        for index in 0..<count * 3 {
            let left = index / 3 * 6 + index % 3
            let sum = [upper[left], upper[left + 3], lower[left], lower[left + 3]]
                .reduce(0) { $0 + Int($1) }
            #expect(result[index] == UInt8((sum + 2) / 4))
        }
        #expect(result[(count * 3)...].allSatisfy { $0 == 7 })
    }

    private static func bilinear(_ x: Double, _ y: Double) -> [Float] {
        let (column, row) = (Int(x), Int(y))
        let (fx, fy) = (x - Double(column), y - Double(row))
        return (0..<3).map { channel in
            func pixel(_ right: Int, _ below: Int) -> Double {
                Double(pixels[((row + below) * width + column + right) * 3 + channel])
            }
            let upper = pixel(0, 0) * (1 - fx) + pixel(1, 0) * fx
            let lower = pixel(0, 1) * (1 - fx) + pixel(1, 1) * fx
            return Float(upper * (1 - fy) + lower * fy)
        }
    }
}
