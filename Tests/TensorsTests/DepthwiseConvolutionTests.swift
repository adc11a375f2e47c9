import KernelInterface
import Tensors
import Testing

/// A depth-wise convolution by its definition, with its gradients.
private struct NaiveDepthwise {
    let input: Shape
    let kernel: MapExtent
    let output: Shape
    let stride: Int
    let padding: MapExtent
    let dilation: Int

    /// Calls `body` with the indices of output, input and weight of every multiply-add.
    private func forEachProduct(_ body: (Int, Int, Int) -> Void) {
        for y in 0..<output.count {
            let c = y % output[3]
            let (column, line) = (y / output[3] % output[2], y / output[3] / output[2])
            let (row, sample) = (line % output[1], line / output[1])
            for u in 0..<kernel.height {
                for v in 0..<kernel.width {
                    let i = row * stride + u * dilation - padding.height
                    let j = column * stride + v * dilation - padding.width
                    guard (0..<input[1]).contains(i), (0..<input[2]).contains(j) else { continue }
                    body(
                        y, ((sample * input[1] + i) * input[2] + j) * input[3] + c,
                        (u * kernel.width + v) * input[3] + c)
                }
            }
        }
    }

    func result(_ x: Tensor, _ w: Tensor, _ b: Tensor, _ dy: Tensor) -> NaiveResult {
        let (x, w, b) = (x.elements, w.elements, b.elements)
        let dy = dy.elements
        var result = NaiveResult(
            y: (0..<output.count).map { Double(b[$0 % output[3]]) },
            dx: [Double](repeating: 0, count: input.count),
            dw: [Double](repeating: 0, count: w.count),
            db: [Double](repeating: 0, count: output[3]))
        forEachProduct { y, i, k in
            result.y[y] += Double(x[i]) * Double(w[k])
            result.dx[i] += Double(dy[y]) * Double(w[k])
            result.dw[k] += Double(dy[y]) * Double(x[i])
        }
        for y in 0..<output.count { result.db[y % output[3]] += Double(dy[y]) }
        return result
    }
}

struct DepthwiseCase: Sendable, CustomStringConvertible {
    var size: MapExtent
    var channels: Int
    var kernel: MapExtent
    var stride = 1
    var padding: MapExtent
    var dilation = 1

    init(
        _ height: Int, _ width: Int, _ channels: Int, kernel: Int, padding: Int, stride: Int = 1,
        dilation: Int = 1
    ) {
        size = MapExtent(height: height, width: width)
        self.channels = channels
        self.kernel = MapExtent(height: kernel, width: kernel)
        self.padding = MapExtent(height: padding, width: padding)
        self.stride = stride
        self.dilation = dilation
    }

    var description: String {
        "\(size.height)x\(size.width)x\(channels) k\(kernel.height)x\(kernel.width) s\(stride)"
            + " p\(padding.height) d\(dilation)"
    }

    var operands: [Tensor] {
        [
            randomTensor([2, size.height, size.width, channels], seed: 1),
            randomTensor([kernel.height, kernel.width, channels], seed: 2),
            randomTensor([channels], seed: 3),
        ]
    }

    func apply(_ x: [Tensor]) -> Tensor {
        x[0].depthwiseConvolved(
            x[1], bias: x[2], stride: stride, paddingHeight: padding.height,
            paddingWidth: padding.width, dilation: dilation)
    }
}

@Suite struct DepthwiseConvolutionTests {
    static let cases: [DepthwiseCase] = [
        DepthwiseCase(9, 17, 32, kernel: 5, padding: 2),
        DepthwiseCase(21, 23, 17, kernel: 7, padding: 9, dilation: 3),
        DepthwiseCase(1, 1, 16, kernel: 7, padding: 9, dilation: 3),
        DepthwiseCase(14, 14, 33, kernel: 7, padding: 9, dilation: 3),
        DepthwiseCase(7, 7, 15, kernel: 7, padding: 9, dilation: 3),
        DepthwiseCase(8, 8, 1, kernel: 3, padding: 1),
        DepthwiseCase(13, 12, 20, kernel: 3, padding: 1, stride: 2),
        DepthwiseCase(1, 2, 70, kernel: 3, padding: 1, stride: 2),
        DepthwiseCase(8, 9, 16, kernel: 3, padding: 0, stride: 2),
        DepthwiseCase(10, 11, 65, kernel: 3, padding: 2, stride: 4),
        DepthwiseCase(14, 15, 8, kernel: 7, padding: 3, stride: 2),
        DepthwiseCase(6, 9, 9, kernel: 3, padding: 0),
        DepthwiseCase(5, 5, 7, kernel: 3, padding: 4),
        DepthwiseCase(9, 8, 7, kernel: 2, padding: 0, stride: 2),
        DepthwiseCase(11, 10, 16, kernel: 1, padding: 0, stride: 3),
        DepthwiseCase(64, 40, 4, kernel: 5, padding: 2),
        DepthwiseCase(4, 4, 0, kernel: 3, padding: 1),
        DepthwiseCase(0, 4, 8, kernel: 3, padding: 1),
    ]

    @Test(arguments: cases) func valueAndGradientsFollowTheDefinition(_ test: DepthwiseCase) {
        expectDefinition(test)
    }

    @Test func longKernelsHavePaddingsOfTheirOwn() {
        var test = DepthwiseCase(12, 13, 19, kernel: 7, padding: 0)
        test.kernel.height = 1
        test.padding.width = 3
        expectDefinition(test)
        test.kernel = MapExtent(height: 11, width: 1)
        test.padding = MapExtent(height: 5, width: 0)
        expectDefinition(test)
    }

    private func expectDefinition(_ test: DepthwiseCase) {
        let operands = test.operands
        let sinks = operands.map { _ in GradientSink() }
        let (output, tape) = Tape.record { test.apply(zip(operands, sinks).map { $0.leaf($1) }) }
        let dy = randomTensor(output.shape, seed: 4)
        tape.backward(from: [(output, dy)])
        let naive = NaiveDepthwise(
            input: operands[0].shape, kernel: test.kernel, output: output.shape,
            stride: test.stride, padding: test.padding, dilation: test.dilation
        ).result(operands[0], operands[1], operands[2], dy)
        #expect(relativeError(output.elements, naive.y) < 1e-6)
        #expect(relativeError(sinks[0].value?.elements ?? [], naive.dx) < 1e-6)
        #expect(relativeError(sinks[1].value?.elements ?? [], naive.dw) < 1e-6)
        // Terms of both signs: the error is measured against their number, not against the sum.
        let scale = max(1, Double(output.count / max(1, test.channels)).squareRoot())
        let db = sinks[2].value?.elements ?? []
        #expect(zip(db, naive.db).allSatisfy { abs(Double($0) - $1) < 1e-6 * scale })
    }

    @Test func biasCanBeAbsent() {
        let test = DepthwiseCase(6, 6, 5, kernel: 3, padding: 1)
        let x = test.operands
        let zero = Tensor(shape: [5], repeating: 0)
        let without = x[0].depthwiseConvolved(x[1], padding: 1)
        #expect(without.elements == test.apply([x[0], x[1], zero]).elements)
        let gradients = valuesAndGradients([x[0], x[1]]) {
            $0[0].depthwiseConvolved($0[1], padding: 1)
        }
        #expect(gradients.count == 3)
    }

    @Test(arguments: [cases[1], cases[6], cases[12]]) func bitsDoNotDependOnThreads(
        _ test: DepthwiseCase
    ) {
        expectSameBitsForAnyThreadCount { valuesAndGradients(test.operands, test.apply) }
    }

    @Test func multiplyAddsCountEveryTap() {
        let operation = DepthwiseConvolution(padding: MapExtent(height: 1, width: 1))
        #expect(operation.multiplyAdds([[2, 5, 4, 3], [3, 3, 3]]) == 2 * 5 * 4 * 3 * 9)
    }
}
