import Tensors

/// Normalisation along the last axis, at each position by itself.
///
/// `y = (x - mean) / sqrt(variance + epsilon) * weight + bias` with the biased variance (Ba, Kiros
/// and Hinton, 2016).
public struct LayerNorm: Sendable {
    /// The scale, `[C]`.
    public let weight: Parameter
    /// The shift, `[C]`.
    public let bias: Parameter
    private let epsilon: Float
    private let name: String

    /// Declares the parameters, 1 and 0.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight` and `bias`.
    ///   - channels: Elements of the last axis.
    ///   - epsilon: Added to the variance; PyTorch's default is 1e-5.
    public init(_ scope: ParameterScope, _ channels: Int, epsilon: Float = 1e-5) {
        weight = scope.parameter("weight", [channels], .constant(1), role: .undecayed)
        bias = scope.parameter("bias", [channels], .constant(0), role: .undecayed)
        self.epsilon = epsilon
        name = scope.prefix
    }

    /// Normalises.
    ///
    /// - Parameter x: `[..., C]`.
    /// - Returns: The same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        Graph.named(name) { x.layerNormalized(weight.tensor, bias.tensor, epsilon: epsilon) }
    }
}
