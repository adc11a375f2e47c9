import Tensors

/// Normalisation of each sample over positions and the channels of a group.
///
/// `y = (x - mean) / sqrt(variance + epsilon) * weight + bias` with the biased variance (Wu and
/// He, 2018).
public struct GroupNorm: Sendable {
    /// The scale, `[C]`.
    public let weight: Parameter
    /// The shift, `[C]`.
    public let bias: Parameter
    private let groups: Int
    private let epsilon: Float
    private let name: String

    /// Declares the parameters, 1 and 0.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight` and `bias`.
    ///   - channels: Channels, a multiple of `groups`.
    ///   - groups: Number of groups.
    ///   - epsilon: Added to the variance.
    public init(_ scope: ParameterScope, _ channels: Int, groups: Int, epsilon: Float = 1e-5) {
        precondition(groups > 0 && channels.isMultiple(of: groups))
        weight = scope.parameter("weight", [channels], .constant(1), role: .undecayed)
        bias = scope.parameter("bias", [channels], .constant(0), role: .undecayed)
        self.groups = groups
        self.epsilon = epsilon
        name = scope.prefix
    }

    /// Normalises.
    ///
    /// - Parameter x: `[N, H, W, C]`.
    /// - Returns: The same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        Graph.named(name) {
            x.groupNormalized(weight.tensor, bias.tensor, groups: groups, epsilon: epsilon)
        }
    }
}
