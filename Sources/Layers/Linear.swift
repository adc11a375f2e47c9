import Tensors

/// Matrix product along the last axis.
///
/// `y[..., o] = b[o] + sum over k of x[..., k] w[o, k]`.
public struct Linear: Sendable {
    /// The weight, `[O, K]`.
    public let weight: Parameter
    /// The bias, `[O]`, or nil.
    public let bias: Parameter?
    private let name: String

    /// Declares the parameters.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight` and `bias`.
    ///   - inputs: Elements of the last axis.
    ///   - outputs: Elements of the output's last axis.
    ///   - bias: Whether there is a bias.
    ///   - initializer: Of the weight; nil is PyTorch's default for weight and bias.
    public init(
        _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, bias: Bias = true,
        initializer: Initializer? = nil
    ) {
        let standard = Initializer.pytorchDefault(fanIn: inputs)
        weight = scope.parameter("weight", [outputs, inputs], initializer ?? standard)
        self.bias = bias.declared(
            in: scope, count: outputs, default: initializer == nil ? standard : nil)
        name = scope.prefix
    }

    /// Applies the product.
    ///
    /// - Parameter x: `[..., K]`.
    /// - Returns: `[..., O]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        Graph.named(name) { x.linear(weight.tensor, bias: bias?.tensor) }
    }

    /// Applies the product behind GELU; while a tape records, what lies between is not kept.
    ///
    /// - Parameter x: `[..., K]`.
    /// - Returns: `[..., O]`.
    public func callAsFunction(geluOf x: Tensor) -> Tensor {
        guard Tape.isRecording else { return self(x.gelu()) }
        return x.geluLinear(weight.tensor, bias: bias?.tensor)
    }
}
