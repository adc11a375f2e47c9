import Tensors
import Testing

/// Convolutions against their definition.
@Suite(.serialized) struct ConvolutionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let input: Shape
        let outputs: Int
        let kernel: Int
        let stride: Int
        let padding: Int

        init(_ input: Shape, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0) {
            self.input = input
            self.outputs = outputs
            self.kernel = kernel
            self.stride = stride
            self.padding = padding
        }

        var weight: Shape { [outputs, kernel, kernel, input[3]] }
        var output: Shape {
            let extent = { (size: Int) in (size + 2 * padding - kernel) / stride + 1 }
            return [input[0], extent(input[1]), extent(input[2]), outputs]
        }
        var testDescription: String { "\(input) * \(weight), stride \(stride), padding \(padding)" }
    }

    static let cases = [
        Case([1, 1, 1, 1], 1, kernel: 1), Case([2, 5, 3, 4], 3, kernel: 1, stride: 2),
        Case([0, 4, 4, 3], 5, kernel: 3, padding: 1), Case([1, 1, 1, 3], 2, kernel: 3, padding: 1),
        Case([2, 5, 5, 17], 33, kernel: 3, padding: 1),
        Case([1, 29, 31, 3], 32, kernel: 7, stride: 4, padding: 3),
        Case([2, 14, 13, 33], 64, kernel: 3, stride: 2, padding: 1),
        Case([1, 8, 8, 5], 6, kernel: 2, stride: 3), Case([1, 9, 7, 4], 4, kernel: 5, padding: 4),
        Case([1, 16, 20, 64], 17, kernel: 3, padding: 1),
        Case([1, 6, 7, 300], 5, kernel: 3, padding: 1),
        Case([3, 12, 12, 16], 24, kernel: 3, padding: 1),
        Case([1, 23, 22, 64], 64, kernel: 3, padding: 1),
        Case([1, 9, 10, 176], 180, kernel: 3, padding: 1),
        // Long rows, which are read in place.
        Case([2, 61, 57, 3], 16, kernel: 3, stride: 2, padding: 1),
        Case([1, 5, 99, 2], 41, kernel: 7, stride: 4, padding: 3),
        Case([1, 9, 53, 1], 7, kernel: 5, stride: 2, padding: 2),
        Case([1, 7, 26, 15], 33, kernel: 3), Case([1, 3, 50, 4], 40, kernel: 2, stride: 2),
    ]

    private func operands(_ test: Case) -> [Tensor] {
        [
            randomTensor(test.input, seed: 1), randomTensor(test.weight, seed: 2),
            randomTensor([test.outputs], seed: 3), randomTensor(test.output, seed: 4),
        ]
    }

    private func recorded(_ test: Case) -> RecordedResult {
        let operands = operands(test)
        return RecordedResult(Array(operands.prefix(3)), dy: operands[3]) {
            $0[0].convolved($0[1], bias: $0[2], stride: test.stride, padding: test.padding)
        }
    }

    private func byDefinition(_ test: Case) -> NaiveResult {
        let operands = operands(test)
        let naive = NaiveConvolution(
            input: test.input, weight: test.weight, output: test.output, stride: test.stride,
            padding: test.padding)
        return naive(
            operands[0].elements, operands[1].elements, operands[2].elements,
            operands[3].elements)
    }

    @Test(arguments: cases) func outputAndGradientsMatchTheDefinition(test: Case) {
        let expected = byDefinition(test)
        // The fast algorithm for 3x3 kernels rounds some ten times more than a plain sum.
        #expect(recorded(test).error(against: expected) < 2e-5)
    }

    /// Shapes that phases and minimal filtering compute: borders on all sides, odd channels.
    @Test(arguments: [
        Case([1, 28, 28, 64], 128, kernel: 3, stride: 2, padding: 1),
        Case([2, 21, 30, 28], 56, kernel: 3, stride: 2, padding: 1),
        Case([3, 19, 16, 17], 19, kernel: 3, stride: 2),
        Case([1, 26, 25, 40], 48, kernel: 3, stride: 2, padding: 2),
    ])
    func stridedFilteringRoundsLikeSums(test: Case) {
        let expected = byDefinition(test)
        #expect(relativeError(recorded(test).y, expected.y) < 2e-6)
    }

    @Test(arguments: [
        Case([2, 29, 31, 16], 32, kernel: 3, padding: 1),
        Case([1, 56, 56, 40], 48, kernel: 3, stride: 2, padding: 1),
        Case([2, 13, 11, 200], 160, kernel: 3, padding: 1),
        Case([2, 30, 31, 16], 32, kernel: 3, stride: 2, padding: 1),
        Case([1, 130, 99, 3], 16, kernel: 3, stride: 2, padding: 1),
    ])
    func threadsDoNotChangeBits(test: Case) {
        let results = withOneAndTwoThreads { recorded(test) }
        #expect(results[0] == results[1])
    }

    @Test func multiplyAddsAreCounted() {
        let operation = Convolution(stride: 2, padding: 1)
        #expect(operation.multiplyAdds([[1, 8, 8, 3], [5, 3, 3, 3]]) == 16 * 5 * 27)
    }
}
