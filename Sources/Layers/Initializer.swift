import Foundation
import Tensors

/// How a parameter begins.
public enum Initializer: Sendable {
    /// One value everywhere.
    case constant(Float)
    /// Normal with mean 0.
    case normal(standardDeviation: Float)
    /// Normal with mean 0, drawn anew beyond a bound that is an absolute value.
    case truncatedNormal(standardDeviation: Float, bound: Float)
    /// Uniform between minus and plus a bound.
    case uniform(bound: Float)

    /// PyTorch's default for convolutions and linear layers, weight and bias alike: uniform with
    /// bound `1 / sqrt(fanIn)`.
    ///
    /// - Parameter fanIn: Inputs of one output.
    /// - Returns: The rule.
    public static func pytorchDefault(fanIn: Int) -> Initializer {
        .uniform(bound: 1 / Float(max(1, fanIn)).squareRoot())
    }

    /// Xavier uniform: bound `sqrt(6 / (fanIn + fanOut))`.
    ///
    /// - Parameters:
    ///   - fanIn: Inputs of one output.
    ///   - fanOut: Outputs of one input.
    /// - Returns: The rule.
    public static func xavierUniform(fanIn: Int, fanOut: Int) -> Initializer {
        .uniform(bound: (6 / Float(fanIn + fanOut)).squareRoot())
    }

    /// He normal by outputs: standard deviation `sqrt(2 / fanOut)`.
    ///
    /// - Parameter fanOut: Outputs that one input reaches: kernel area times output channels of
    ///   its group.
    /// - Returns: The initializer.
    public static func heNormal(fanOut: Int) -> Initializer {
        .normal(standardDeviation: (2 / Float(max(1, fanOut))).squareRoot())
    }

    /// Whether values are drawn.
    var isRandom: Bool {
        if case .constant = self { return false }
        return true
    }

    func values(_ shape: Shape, using generator: inout RandomGenerator) -> [Float] {
        switch self {
        case .constant(let value):
            return [Float](repeating: value, count: shape.count)
        case .normal(let deviation):
            return (0..<shape.count).map { _ in deviation * generator.normal() }
        case .truncatedNormal(let deviation, let bound):
            return (0..<shape.count).map { _ in
                var value = deviation * generator.normal()
                while abs(value) > bound { value = deviation * generator.normal() }
                return value
            }
        case .uniform(let bound):
            return (0..<shape.count).map { _ in bound * (2 * generator.uniform() - 1) }
        }
    }
}
