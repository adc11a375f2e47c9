import KernelInterface
import Tensors
import Testing

@Suite struct ParameterUpdateTests {
    private let sgd = SGDFactors(learningRate: 1, momentum: 0, weightDecay: 0)

    @Test func sharedElementsAreNotChanged() {
        var weights = Tensor(shape: [3], [1, 2, 3])
        let before = weights
        var velocity = Tensor(shape: [3], repeating: 0)
        let gradient = Tensor(shape: [3], [1, 1, 1])
        ParameterUpdate.sgd(&weights, gradient: gradient, velocity: &velocity, factors: sgd)
        #expect(weights.elements == [0, 1, 2])
        #expect(before.elements == [1, 2, 3])
    }

    @Test func ownElementsAreChangedInPlace() {
        var weights = Tensor(shape: [3], [1, 2, 3])
        let address = weights.storage.pointer
        ParameterUpdate.scale(&weights, by: 2)
        ParameterUpdate.average(&weights, of: Tensor(shape: [3], repeating: 0), decay: 0.5)
        #expect(weights.elements == [1, 2, 3])
        #expect(weights.storage.pointer == address)
    }

    @Test func stepsHaveTheSameBitsForAnyThreadCount() {
        let start = [1, 2, 3, 4].map { randomTensor([70_001], seed: UInt64($0)) }
        let factors = AdamWFactors(
            learningRate: 0.1, betas: (0.9, 0.999), epsilon: 1e-8, weightDecay: 0.05,
            corrections: (0.1, 0.03))
        expectSameBitsForAnyThreadCount {
            var (p, m, v) = (start[0], start[1], start[2] * start[2])
            ParameterUpdate.adamW(
                &p, gradient: start[3], first: &m, second: &v, factors: factors)
            return [p, m, v, Tensor(shape: [], [Float(p.sumOfSquares)])]
        }
    }

    @Test(arguments: [0, 1, 65_536, 65_537]) func sumOfSquaresAddsEveryElement(count: Int) {
        #expect(Tensor(shape: [count], repeating: 2).sumOfSquares == Double(4 * count))
    }

    @Test func brokenElementsAreFound() {
        #expect(Tensor(shape: [2], [1, -3e9]).isFinite)
        #expect(!Tensor(shape: [2], [1, .nan]).isFinite)
        #expect(!Tensor(shape: [2], [-.infinity, 1]).isFinite)
    }
}
