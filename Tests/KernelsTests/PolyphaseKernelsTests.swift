import KernelInterface
import Tensors
import Testing

/// The transforms of strided 3x3 convolutions against plain loops; whole numbers stay exact.
@Suite struct PolyphaseKernelsTests {
    private static let tiles = 2
    private static let width = 9
    /// Channels of the weight; fewer are looked at.
    private static let runLength = 32

    @Test func productsShareOutAllTermsAndTaps() {
        let products = (0..<PolyphaseKernels.products).map(PolyphaseKernels.product)
        #expect(products.flatMap(\.terms) == Array(0..<PolyphaseKernels.terms))
        #expect(Set(products.flatMap(\.taps)) == Set(0..<PolyphaseKernels.taps))
        #expect(products.allSatisfy { $0.terms.count == $0.taps.count })
        let beginnings = products.filter(\.isFirst).map(\.sum)
        #expect(beginnings == Array(0..<PolyphaseKernels.sums))
    }

    private func line(channels: Int, rowStride: Int) -> PolyphaseLine {
        PolyphaseLine(
            tiles: Self.tiles, channels: channels, rowStride: rowStride, termStride: 80,
            tileStride: 40)
    }

    /// The sums of two tiles, by the products of the transforms.
    private func sums(
        _ x: [Float], _ w: [Float], channels: Int, _ kernels: PolyphaseKernels
    ) -> [Float] {
        var v = [Float](repeating: 0, count: PolyphaseKernels.terms * 80)
        kernels.input(x, &v, line(channels: channels, rowStride: Self.width * channels))
        var u = [Float](repeating: 0, count: PolyphaseKernels.taps * Self.runLength)
        kernels.weight(w, &u, Self.runLength)
        var m = [Float](repeating: 0, count: PolyphaseKernels.sums * 80)
        for product in (0..<PolyphaseKernels.products).map(PolyphaseKernels.product) {
            for (term, tap) in zip(product.terms, product.taps) {
                for index in 0..<channels * Self.tiles {
                    let (tile, c) = (index / channels * 40, index % channels)
                    m[product.sum * 80 + tile + c] +=
                        v[term * 80 + tile + c] * u[tap * Self.runLength + c]
                }
            }
        }
        return m
    }

    @Test(arguments: runnableSets, [16, 19, 32]) func transformsComputeTheConvolution(
        set: InstructionSet, channels: Int
    ) throws {
        let kernels = try table(set).polyphase
        let x = integers(5 * Self.width * channels, seed: 1)
        let w = integers(9 * Self.runLength, seed: 2)
        let bias = integers(channels, seed: 3)
        let m = sums(x, w, channels: channels, kernels)
        var y = [Float](repeating: 0, count: 8 * channels)
        bias.withUnsafeBufferPointer { bias in
            var line = line(channels: channels, rowStride: 4 * channels)
            line.bias = bias.baseAddress
            kernels.output(m, &y, line)
        }
        for index in y.indices {
            let (i, j, c) = (index / channels / 4, index / channels % 4, index % channels)
            let expected = (0..<9).reduce(bias[c]) { sum, tap in
                let pixel = (2 * i + tap / 3) * Self.width + 2 * j + tap % 3
                return sum + w[tap * Self.runLength + c] * x[pixel * channels + c]
            }
            #expect(y[index] == expected)
        }
    }

    @Test(arguments: runnableSets) func pixelsBehindTheEndStay(set: InstructionSet) throws {
        let kernels = try table(set).polyphase
        let m = [Float](repeating: 1, count: PolyphaseKernels.sums * 80)
        var y = [Float](repeating: 99, count: 8 * 17)
        var line = line(channels: 17, rowStride: 4 * 17)
        line.validRows = 1
        line.validPixels = 3
        kernels.output(m, &y, line)
        #expect(y.prefix(3 * 17).allSatisfy { $0 == 4 })
        #expect(y.dropFirst(3 * 17).allSatisfy { $0 == 99 })
    }
}
