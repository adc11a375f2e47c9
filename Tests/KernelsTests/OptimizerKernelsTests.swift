import Foundation
import KernelInterface
import Tensors
import Testing

/// Updates of both copies against PyTorch's rules in double precision.
@Suite struct OptimizerKernelsTests {
    private func values(_ count: Int, _ seed: UInt64) -> [Float] {
        var generator = RandomGenerator(state: seed)
        return (0..<count).map { _ in generator.uniform() - 0.5 }
    }

    private func expectClose(_ actual: [Float], _ expected: [Double]) {
        #expect(zip(actual, expected).allSatisfy { abs(Double($0) - $1) <= 3e-7 })
    }

    @Test(arguments: runnableSets, [0, 1, 15, 16, 17, 50]) func adamWFollowsItsRule(
        set: InstructionSet, count: Int
    ) throws {
        var (p, m, v) = (values(count, 1), values(count, 2), values(count, 3).map { abs($0) })
        let g = values(count, 4)
        let (b1, b2, rate, decay, step) = (0.9, 0.999, 0.01, 0.05, 3.0)
        let (c1, c2) = (1 - pow(b1, step), (1 - pow(b2, step)).squareRoot())
        let first = zip(m, g).map { b1 * Double($0) + (1 - b1) * Double($1) }
        let second = zip(v, g).map { b2 * Double($0) + (1 - b2) * Double($1) * Double($1) }
        let weights = p.indices.map { i in
            Double(p[i]) * (1 - rate * decay)
                - rate / c1 * first[i] / (second[i].squareRoot() / c2 + 1e-8)
        }
        let factors = AdamWFactors(
            learningRate: Float(rate), betas: (Float(b1), Float(b2)), epsilon: 1e-8,
            weightDecay: Float(decay), corrections: (Float(c1), Float(c2)))
        try table(set).optimizer.adamW(&p, g, &m, &v, factors, count)
        expectClose(p, weights)
        expectClose(m, first)
        expectClose(v, second)
    }

    @Test(arguments: runnableSets, [0, 1, 15, 16, 17, 50]) func momentumFollowsItsRule(
        set: InstructionSet, count: Int
    ) throws {
        var (p, v) = (values(count, 1), values(count, 2))
        let g = values(count, 3)
        let velocity = p.indices.map { i in
            0.9 * Double(v[i]) + Double(g[i]) + 0.01 * Double(p[i])
        }
        let weights = zip(p, velocity).map { Double($0) - 0.1 * $1 }
        let factors = SGDFactors(learningRate: 0.1, momentum: 0.9, weightDecay: 0.01)
        try table(set).optimizer.sgd(&p, g, &v, factors, count)
        expectClose(p, weights)
        expectClose(v, velocity)
    }

    @Test(arguments: runnableSets, [0, 1, 15, 16, 17, 50]) func averageFollowsItsRule(
        set: InstructionSet, count: Int
    ) throws {
        var y = values(count, 1)
        let x = values(count, 2)
        let expected = zip(y, x).map { 0.99 * Double($0) + 0.01 * Double($1) }
        try table(set).optimizer.average(&y, x, 0.99, count)
        expectClose(y, expected)
    }

    @Test(arguments: runnableSets, [0, 1, 16, 1023, 1025, 70_000]) func squaresAreSummed(
        set: InstructionSet, count: Int
    ) throws {
        let x = values(count, 1)
        let exact = x.reduce(0.0) { $0 + Double($1) * Double($1) }
        let sum = try table(set).optimizer.sumOfSquares(x, count)
        #expect(abs(sum - exact) <= 1e-6 * exact)
        if count > 0 {
            let broken = x.dropLast() + [.nan]
            #expect(try table(set).optimizer.sumOfSquares(Array(broken), count).isNaN)
        }
    }
}
