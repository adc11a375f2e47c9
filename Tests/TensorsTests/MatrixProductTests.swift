import Tensors
import Testing

/// Linear maps against their definition.
@Suite(.serialized) struct MatrixProductTests {
    struct Size: Sendable, CustomTestStringConvertible {
        let rows: Int
        let depth: Int
        let columns: Int
        var testDescription: String { "\(rows) x \(depth) -> \(columns)" }
    }

    static let sizes: [Size] = [
        (0, 3, 4), (1, 1, 1), (1, 33, 17), (5, 17, 3), (7, 0, 5), (11, 64, 33), (12, 32, 32),
        (13, 65, 31), (23, 3, 80), (49, 40, 160), (97, 96, 16), (200, 800, 40), (1100, 20, 35),
        (40, 33, 300), (500, 40, 24), (900, 24, 280), (2100, 5, 6),
    ].map(Size.init)

    private func recorded(_ size: Size) -> RecordedResult {
        let operands = operands(size)
        return RecordedResult(Array(operands.prefix(3)), dy: operands[3]) {
            $0[0].linear($0[1], bias: $0[2])
        }
    }

    private func operands(_ size: Size) -> [Tensor] {
        [
            randomTensor([1, size.rows, size.depth], seed: 1),
            randomTensor([size.columns, size.depth], seed: 2),
            randomTensor([size.columns], seed: 3),
            randomTensor([1, size.rows, size.columns], seed: 4),
        ]
    }

    @Test(arguments: sizes) func outputAndGradientsMatchTheDefinition(size: Size) {
        let operands = operands(size)
        let naive = NaiveConvolution(
            input: [1, size.rows, 1, size.depth], weight: [size.columns, 1, 1, size.depth],
            output: [1, size.rows, 1, size.columns], stride: 1, padding: 0)
        let expected = naive(
            operands[0].elements, operands[1].elements, operands[2].elements,
            operands[3].elements)
        // Sums of up to 1100 terms in single precision.
        #expect(recorded(size).error(against: expected) < 2e-6)
    }

    @Test(arguments: [
        Size(rows: 1100, depth: 64, columns: 96), Size(rows: 60, depth: 900, columns: 400),
    ])
    func threadsDoNotChangeBits(size: Size) {
        let results = withOneAndTwoThreads { recorded(size) }
        #expect(results[0] == results[1])
    }

    /// Where one walk gives all gradients, where each is computed by itself, and where several
    /// pieces of columns read the same rows.
    @Test(arguments: [
        Size(rows: 500, depth: 40, columns: 24), Size(rows: 60, depth: 33, columns: 17),
        Size(rows: 100, depth: 1100, columns: 130),
    ])
    func geluBeforeTheProductGivesWhatTwoOperationsGive(size: Size) {
        let operands = operands(size)
        let leaves = [operands[0].multiplied(by: 6)] + operands[1...2]
        let fused = withOneAndTwoThreads {
            RecordedResult(leaves, dy: operands[3]) { $0[0].geluLinear($0[1], bias: $0[2]) }
        }
        let apart = RecordedResult(leaves, dy: operands[3]) {
            $0[0].gelu().linear($0[1], bias: $0[2])
        }
        #expect(fused[0] == fused[1])
        for (one, other) in zip([fused[0].y] + fused[0].gradients, [apart.y] + apart.gradients) {
            #expect(relativeError(one, other.map(Double.init)) < 1e-6)
        }
    }

    @Test func withoutBiasSumsStartAtZero() {
        let x = Tensor(shape: [2, 2], [1, 2, 3, 4])
        let w = Tensor(shape: [3, 2], [1, 0, 0, 1, 1, 1])
        #expect(x.linear(w, bias: nil).elements == [1, 2, 3, 3, 4, 7])
    }

    @Test func multiplyAddsAreCounted() {
        #expect(MatrixProduct().multiplyAdds([[2, 5, 3], [7, 3], [7]]) == 210)
    }
}
