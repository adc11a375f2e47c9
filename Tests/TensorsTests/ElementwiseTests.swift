import Foundation
import Tensors
import Testing

@Suite struct ElementwiseTests {
    static let counts = [1, 7, 8, 9, 15, 16, 17, 33]

    private func spread(_ count: Int, seed: UInt64) -> Tensor {
        Tensor(shape: [count], randomTensor([count], seed: seed).elements.map { 8 * $0 })
    }

    private func expect(
        _ count: Int, _ formula: @escaping (Double) -> Double, _ operation: (Tensor) -> Tensor
    ) {
        GradientCheck { x in x[0].map(formula) }.expectAgreement([spread(count, seed: 1)]) {
            operation($0[0])
        }
    }

    @Test(arguments: counts) func activationsFollowTheirFormulas(count: Int) {
        expect(count, { max($0, 0) }, { $0.relu() })
        expect(count, { $0 * 0.5 * erfc(-$0 / 2.squareRoot()) }, { $0.gelu() })
        expect(count, { 1 / (1 + exp(-$0)) }, { $0.sigmoid() })
        expect(count, { $0 / (1 + exp(-$0)) }, { $0.silu() })
        expect(count, { exp($0) }, { $0.exponential() })
        expect(count, { -2.5 * $0 }, { $0.multiplied(by: -2.5) })
    }

    @Test(arguments: counts) func sumsAndProductsFollowTheirFormulas(count: Int) {
        let x = [spread(count, seed: 1), spread(count, seed: 2)]
        GradientCheck { zip($0[0], $0[1]).map { $0 + $1 } }.expectAgreement(x) { $0[0] + $0[1] }
        GradientCheck { zip($0[0], $0[1]).map { $0 - $1 } }.expectAgreement(x) { $0[0] - $0[1] }
        GradientCheck { zip($0[0], $0[1]).map { $0 * $1 } }.expectAgreement(x) { $0[0] * $0[1] }
    }

    @Test(arguments: counts) func scalesFollowTheirFormulas(count: Int) {
        let x = randomTensor([3, 2, count], seed: 1)
        let branch = randomTensor([3, 2, count], seed: 2)
        let channels = randomTensor([count], seed: 3)
        let samples = randomTensor([3], seed: 4)
        let f = samples.elements.map(Double.init)
        GradientCheck { x in x[0].indices.map { x[0][$0] * x[1][$0 % count] } }
            .expectAgreement([x, channels]) { $0[0].scaled(byChannels: $0[1]) }
        GradientCheck { x in x[0].indices.map { x[0][$0] * x[1][$0 / (2 * count)] } }
            .expectAgreement([x, samples]) { $0[0].scaled(bySamples: $0[1]) }
        GradientCheck { x in x[0].indices.map { x[0][$0] + x[1][$0] * x[2][$0 % count] } }
            .expectAgreement([x, branch, channels]) { $0[0].addingScaled($0[1], by: $0[2]) }
        GradientCheck { x in
            x[0].indices.map { x[0][$0] + f[$0 / (2 * count)] * x[1][$0] * x[2][$0 % count] }
        }
        .expectAgreement([x, branch, channels]) {
            $0[0].addingScaled($0[1], by: $0[2], samples: samples)
        }
    }

    @Test func emptyTensorsStayEmpty() {
        let x = Tensor(shape: [0, 4], [])
        #expect((x + x).count == 0)
        #expect(x.gelu().shape == [0, 4])
        #expect(x.softmax().shape == [0, 4])
        #expect(x.sum().scalar == 0)
    }

    @Test func bitsDoNotDependOnThreads() {
        let x = [
            randomTensor([2, 50, 50, 9], seed: 1), randomTensor([2, 50, 50, 9], seed: 2),
            randomTensor([9], seed: 3),
        ]
        expectSameBitsForAnyThreadCount {
            valuesAndGradients(x) { $0[0].gelu().addingScaled($0[1].silu(), by: $0[2]) }
        }
    }
}
