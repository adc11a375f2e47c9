import KernelInterface
import Tensors
import Testing

/// Depth-wise kernels of both copies against plain loops, direct and through the plane.
@Suite struct DepthwiseKernelsTests {
    static let cases = [
        geometry(9, 21, channels: 32, side: 3, padding: 1),
        geometry(11, 30, channels: 37, side: 5, padding: 2),
        geometry(5, 3, channels: 16, side: 5, padding: 2),
        geometry(6, 8, channels: 16, side: 3, padding: 0),
        geometry(3, 9, channels: 16, side: 3, padding: 3),
        geometry(20, 19, channels: 19, side: 7, padding: 9, dilation: 3),
        geometry(9, 8, channels: 5, side: 3, padding: 1),
        geometry(10, 11, channels: 18, side: 3, padding: 1, stride: 2),
        line(12, 29, channels: 16, row: 7, padding: 9, dilation: 3),
        line(5, 30, channels: 37, row: 11, padding: 15, dilation: 3),
        line(4, 3, channels: 16, row: 5, padding: 4, dilation: 2),
        line(5, 9, channels: 5, row: 3, padding: 1, dilation: 1),
        line(29, 12, channels: 16, column: 7, padding: 9, dilation: 3),
        line(30, 5, channels: 37, column: 11, padding: 15, dilation: 3),
        line(3, 19, channels: 16, column: 5, padding: 4, dilation: 2),
    ]

    /// A row or a column of taps that keeps the map's size.
    private static func line(
        _ height: Int, _ width: Int, channels: Int, row: Int = 1, column: Int = 1, padding: Int,
        dilation: Int
    ) -> DepthwiseGeometry {
        let map = MapExtent(height: height, width: width)
        var geometry = DepthwiseGeometry(
            source: map, destination: map, kernel: MapExtent(height: column, width: row),
            channels: channels)
        geometry.padding = MapExtent(
            height: column > 1 ? padding : 0, width: row > 1 ? padding : 0)
        geometry.dilation = dilation
        return geometry
    }

    private static func geometry(
        _ height: Int, _ width: Int, channels: Int, side: Int, padding: Int, dilation: Int = 1,
        stride: Int = 1
    ) -> DepthwiseGeometry {
        func size(_ size: Int) -> Int {
            (size + 2 * padding - dilation * (side - 1) - 1) / stride + 1
        }
        var geometry = DepthwiseGeometry(
            source: MapExtent(height: height, width: width),
            destination: MapExtent(height: size(height), width: size(width)),
            kernel: MapExtent(height: side, width: side), channels: channels)
        geometry.padding = MapExtent(height: padding, width: padding)
        geometry.dilation = dilation
        geometry.stride = stride
        return geometry
    }

    /// Calls `body` with the indices of output, input and weight of every multiply-add.
    private func forEachProduct(_ g: DepthwiseGeometry, _ body: (Int, Int, Int) -> Void) {
        for y in 0..<g.destination.height * g.destination.width * g.channels {
            let (pixel, c) = (y / g.channels, y % g.channels)
            let (row, column) = (pixel / g.destination.width, pixel % g.destination.width)
            for tap in 0..<g.kernel.height * g.kernel.width {
                let (u, v) = (tap / g.kernel.width, tap % g.kernel.width)
                let i = row * g.stride + u * g.dilation - g.padding.height
                let j = column * g.stride + v * g.dilation - g.padding.width
                guard i >= 0, j >= 0, i < g.source.height, j < g.source.width else { continue }
                body(y, (i * g.source.width + j) * g.channels + c, tap * g.channels + c)
            }
        }
    }

    /// Cuts the destination in two blocks of rows, as callers do.
    private func blocks(_ g: DepthwiseGeometry) -> [DepthwiseBlock] {
        let height = g.destination.height
        return [0..<height / 2, height / 2..<height].map {
            DepthwiseBlock(rows: $0, channels: 0..<g.channels)
        }
    }

    @Test(arguments: runnableSets, cases.indices) func convolutionsAreExactOnIntegers(
        set: InstructionSet, index: Int
    ) throws {
        let g = Self.cases[index]
        let kernels = try table(set).depthwise
        let x = integers(g.source.height * g.source.width * g.channels, seed: 1)
        let taps = g.kernel.height * g.kernel.width
        let w = integers(taps * g.channels, seed: 2)
        let b = integers(g.channels, seed: 3)
        let outputs = g.destination.height * g.destination.width * g.channels
        var expected = (0..<outputs).map { b[$0 % g.channels] }
        var flipped = expected
        forEachProduct(g) { y, i, k in
            let (tap, c) = (k / g.channels, k % g.channels)
            expected[y] += x[i] * w[k]
            flipped[y] += x[i] * w[(taps - 1 - tap) * g.channels + c]
        }
        for (kernel, wanted) in [(kernels.convolve, expected), (kernels.convolveFlipped, flipped)] {
            var y = [Float](repeating: 77, count: outputs + 20)
            var scratch = [Float](
                repeating: .nan, count: kernels.scratchCount(g, g.destination.height))
            for block in blocks(g) {
                y.withUnsafeMutableBufferPointer { y in
                    guard let base = y.baseAddress else { return }
                    x.withUnsafeBufferPointer { x in
                        guard let source = x.baseAddress else { return }
                        convolve(kernel, source, w, b, base, (g, block), &scratch)
                    }
                }
            }
            #expect(Array(y.prefix(outputs)) == wanted)
            #expect(y.suffix(20).allSatisfy { $0 == 77 })
        }
    }

    private func convolve(
        _ kernel: DepthwiseKernel, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
        _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
        _ part: (DepthwiseGeometry, DepthwiseBlock), _ scratch: UnsafeMutablePointer<Float>
    ) {
        kernel(DepthwiseOperands(x: x, weight: w, bias: b, y: y), part.0, part.1, scratch)
    }

    @Test(arguments: runnableSets, cases.indices) func weightGradientsAreExactOnIntegers(
        set: InstructionSet, index: Int
    ) throws {
        let g = Self.cases[index]
        let kernels = try table(set).depthwise
        let x = integers(g.source.height * g.source.width * g.channels, seed: 1)
        let dy = integers(g.destination.height * g.destination.width * g.channels, seed: 2)
        let weights = g.kernel.height * g.kernel.width * g.channels
        var expected = [Float](repeating: 0, count: weights + g.channels)
        forEachProduct(g) { y, i, k in expected[k] += dy[y] * x[i] }
        for y in dy.indices { expected[weights + y % g.channels] += dy[y] }
        var total = [Float](repeating: 0, count: expected.count)
        var scratch = [Float](
            repeating: .nan, count: kernels.scratchCount(g, g.destination.height))
        for block in blocks(g) {
            var sums = [Float](repeating: .nan, count: expected.count)
            sum(kernels.weightGradient, x, dy, &sums, (g, block), &scratch)
            total = zip(total, sums).map { $0 + $1 }
        }
        #expect(total == expected)
    }

    private func sum(
        _ kernel: DepthwiseGradientKernel, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        _ sums: UnsafeMutablePointer<Float>, _ part: (DepthwiseGeometry, DepthwiseBlock),
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        kernel(DepthwiseGradientOperands(x: x, dy: dy, sums: sums), part.0, part.1, scratch)
    }
}
