import Tensors
import Testing

@Suite struct ChannelGateTests {
    @Test(arguments: [[1, 1, 1], [2, 6, 9], [3, 4, 16], [2, 5, 33]])
    func gateFollowsItsFormula(size: [Int]) {
        let (samples, positions, count) = (size[0], size[1], size[2])
        let check = GradientCheck { x in
            x[0].indices.map { i in
                x[0][i] * x[1][i / (positions * count) * count + i % count]
            }
        }
        check.expectAgreement([
            randomTensor([samples, positions, count], seed: 1),
            randomTensor([samples, 1, 1, count], seed: 2),
        ]) { $0[0].gated(byChannels: $0[1]) }
    }

    @Test func gateOfNothingIsNothing() {
        let x = Tensor(shape: [2, 0, 3], [])
        let gradients = valuesAndGradients([x, randomTensor([2, 3], seed: 1)]) {
            $0[0].gated(byChannels: $0[1])
        }
        #expect(gradients[0].count == 0)
        #expect(gradients[2].elements == [Float](repeating: 0, count: 6))
    }

    @Test func bitsDoNotDependOnThreads() {
        let x = [randomTensor([2, 70, 70, 9], seed: 1), randomTensor([2, 9], seed: 2)]
        expectSameBitsForAnyThreadCount {
            valuesAndGradients(x) { $0[0].gated(byChannels: $0[1]) }
        }
    }
}
