import Foundation
import KernelInterface
import Tensors
import Testing

/// Calls a kernel on an array and checks that nothing behind the last element is written.
private func run(_ kernel: UnaryKernel, _ x: [Float]) -> [Float] {
    var y = [Float](repeating: 77, count: x.count + 40)
    kernel(x, &y, x.count)
    #expect(y.suffix(40).allSatisfy { $0 == 77 })
    return Array(y.prefix(x.count))
}

private func run(_ kernel: BinaryKernel, _ a: [Float], _ b: [Float]) -> [Float] {
    var y = [Float](repeating: 77, count: a.count + 40)
    kernel(a, b, &y, a.count)
    #expect(y.suffix(40).allSatisfy { $0 == 77 })
    return Array(y.prefix(a.count))
}

private func normal(_ x: Double) -> Double { 0.5 * erfc(-x / 2.squareRoot()) }
private func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }

/// Activation kernels of both copies against formulas in double precision.
@Suite struct ActivationKernelsTests {
    /// Values from -`bound` to `bound`, dense and of a count that no vector divides.
    private func sweep(_ bound: Float) -> [Float] {
        (0...20_002).map { bound * (Float($0) / 10_001 - 1) }
    }

    @Test(arguments: runnableSets) func exponentialIsWithinTwoUnits(set: InstructionSet) throws {
        let x = sweep(86.9)
        let y = run(try table(set).activation.exponential, x)
        for (x, y) in zip(x, y) {
            let exact = exp(Double(x))
            #expect(abs(Double(y) - exact) <= 2 * Double(Float(exact).ulp))
        }
    }

    @Test(arguments: runnableSets) func exponentialKnowsItsLimits(set: InstructionSet) throws {
        let y = run(
            try table(set).activation.exponential, [0, -200, -.infinity, 88.7, 89, .infinity, .nan])
        #expect(y[0] == 1 && y[1] == 0 && y[2] == 0)
        #expect(y[3].isFinite && y[4] == .infinity && y[5] == .infinity && y[6].isNaN)
    }

    @Test(arguments: runnableSets) func geluIsExactToSinglePrecision(set: InstructionSet) throws {
        let x = sweep(12)
        let kernels = try table(set).activation
        let y = run(kernels.gelu, x)
        let slope = run(kernels.geluPullback, x.map { _ in 1 }, x)
        for index in x.indices {
            let value = Double(x[index])
            let exact = value * normal(value)
            let allowed = 3e-7 * max(1, abs(value))
            #expect(abs(Double(y[index]) - exact) <= allowed)
            let derivative = normal(value) + value * density(value)
            #expect(abs(Double(slope[index]) - derivative) <= 5e-7)
        }
    }

    @Test(arguments: runnableSets) func geluAndItsPullbackAtOnceHaveTheBitsOfBoth(
        set: InstructionSet
    ) throws {
        let x = sweep(12)
        let kernels = try table(set).activation
        let dy = x.indices.map { Float($0 % 7) - 3 }
        var dx = dy
        var y = [Float](repeating: 0, count: x.count)
        kernels.geluAndPullback(&dx, x, &y, x.count)
        #expect(y == run(kernels.gelu, x))
        #expect(dx == run(kernels.geluPullback, dy, x))
    }

    @Test(arguments: runnableSets) func sigmoidAndSiLUFollowTheirFormulas(
        set: InstructionSet
    ) throws {
        let x = sweep(30)
        let kernels = try table(set).activation
        let (sigmoid, silu) = (run(kernels.sigmoid, x), run(kernels.silu, x))
        let slope = run(kernels.siluPullback, x.map { _ in 2 }, x)
        for (index, x) in x.enumerated() {
            let s = 1 / (1 + exp(-Double(x)))
            #expect(abs(Double(sigmoid[index]) - s) <= 2e-7)
            #expect(abs(Double(silu[index]) - Double(x) * s) <= 3e-7 * max(1, abs(Double(x))))
            let derivative = 2 * s * (1 + Double(x) * (1 - s))
            #expect(abs(Double(slope[index]) - derivative) <= 2.5e-7 * max(2, abs(Double(x))))
        }
    }

    @Test(arguments: runnableSets, [0, 1, 7, 8, 9, 15, 16, 17, 33]) func everyCountIsServed(
        set: InstructionSet, count: Int
    ) throws {
        let kernels = try table(set)
        let x = (0..<count).map { Float($0) - 8 }
        let dy = (0..<count).map { Float($0 % 5) - 2 }
        #expect(run(kernels.elementwise.relu, x) == x.map { max($0, 0) })
        #expect(run(kernels.elementwise.add, x, dy) == zip(x, dy).map { $0 + $1 })
        #expect(run(kernels.elementwise.subtract, x, dy) == zip(x, dy).map { $0 - $1 })
        #expect(run(kernels.elementwise.multiply, x, dy) == zip(x, dy).map { $0 * $1 })
        #expect(
            run(kernels.elementwise.reluPullback, dy, x) == zip(dy, x).map { $1 > 0 ? $0 : 0 })
        let whole = run(kernels.activation.gelu, x + [Float](repeating: 1, count: 16))
        #expect(run(kernels.activation.gelu, x) == Array(whole.prefix(count)))
    }

    @Test(arguments: runnableSets, [1, 8, 15, 16, 17, 40]) func softmaxRowsSumToOne(
        set: InstructionSet, count: Int
    ) throws {
        let x = (0..<3 * count).map { Float(($0 * 37) % 11) - 5 }
        var y = [Float](repeating: 0, count: x.count)
        try table(set).activation.softmax(x, &y, RowExtent(rows: 3, channels: count))
        for row in 0..<3 {
            let values = x[row * count..<(row + 1) * count].map { exp(Double($0)) }
            let sum = values.reduce(0, +)
            for (index, value) in values.enumerated() {
                #expect(abs(Double(y[row * count + index]) - value / sum) < 2e-7)
            }
        }
    }
}
