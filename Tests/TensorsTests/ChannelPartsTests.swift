import Tensors
import Testing

@Suite struct ChannelPartsTests {
    static let slices: [(rows: Shape, channels: Int, range: Range<Int>)] = [
        ([2, 3, 5], 7, 2..<5), ([2, 3, 5], 7, 0..<3), ([1, 1], 1, 0..<1), ([4], 33, 32..<33),
        ([2, 1, 1], 16, 4..<16), ([], 5, 1..<4),
    ]

    @Test(arguments: slices) func sliceTakesItsChannels(
        rows: Shape, channels: Int, range: Range<Int>
    ) {
        let x = randomTensor(Shape(rows.dimensions + [channels]), seed: 1)
        let check = GradientCheck { x in
            x[0].indices.filter { range.contains($0 % channels) }.map { x[0][$0] }
        }
        check.expectAgreement([x]) { $0[0].channels(range) }
    }

    @Test(arguments: [[1], [3, 1], [5, 7, 16], [2, 0, 3], [17, 15]])
    func concatenationPutsChannelsSideBySide(counts: [Int]) {
        let inputs = counts.enumerated().map { randomTensor([2, 3, $1], seed: UInt64($0)) }
        let check = GradientCheck { x in
            (0..<6).flatMap { row in
                zip(x, counts).flatMap { $0[row * $1..<(row + 1) * $1] }
            }
        }
        check.expectAgreement(inputs) { Tensor.concatenated($0) }
    }

    @Test func emptyTensorsStayEmpty() {
        let x = Tensor(shape: [0, 4, 6], [])
        #expect(x.channels(1..<3).shape == [0, 4, 2])
        #expect(Tensor.concatenated([x, x]).shape == [0, 4, 12])
        let y = randomTensor([2, 3], seed: 1)
        #expect(y.channels(1..<1).shape == [2, 0])
        let gradients = valuesAndGradients([y]) { $0[0].channels(3..<3) }
        #expect(gradients.count == 2 && gradients[1].elements == [Float](repeating: 0, count: 6))
    }

    @Test func partsTogetherAreTheWhole() {
        let x = randomTensor([1, 40, 50, 19], seed: 1)
        let parts = [0..<4, 4..<4, 4..<12, 12..<19].map { x.channels($0) }
        #expect(Tensor.concatenated(parts).elements == x.elements)
    }

    @Test func plansComputeThem() {
        PlanCase([[1, 3, 5, 9], [1, 3, 5, 2]]) { x in
            [Tensor.concatenated([x[0].channels(0..<4), x[1], x[0].channels(4..<9).relu()])]
        }.check()
    }

    @Test func bitsDoNotDependOnThreads() {
        let x = [randomTensor([2, 50, 50, 9], seed: 1), randomTensor([2, 50, 50, 5], seed: 2)]
        expectSameBitsForAnyThreadCount {
            valuesAndGradients(x) { Tensor.concatenated([$0[0].channels(2..<8), $0[1]]) }
        }
    }
}
