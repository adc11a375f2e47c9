import Tensors

/// Transposed convolution whose stride is its kernel: every pixel becomes a square of its own.
///
/// `y[n, k i + a, k j + b, o] = d[o] + sum over c of x[n, i, j, c] w[c, o, a, b]`. Files have the
/// weight as `[I, O, k, k]`, memory as `[k, k, O, I]`, so that it is a matrix product before a
/// pixel shuffle.
public struct TransposedConv2d: Sendable {
    /// The weight, `[I, O, k, k]` in files.
    public let weight: Parameter
    /// The bias, `[O]`.
    public let bias: Parameter?
    private let inputs: Int
    private let kernel: Int
    private let name: String

    /// Declares the parameters, which begin at PyTorch's default.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight` and `bias`.
    ///   - inputs: Input channels.
    ///   - outputs: Output channels.
    ///   - kernel: Side of the kernel, and stride, in pixels.
    ///   - bias: Whether there is a bias.
    public init(
        _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int, bias: Bias = true
    ) {
        // PyTorch takes the second axis of the weight for the inputs, here too.
        let standard = Initializer.pytorchDefault(fanIn: outputs * kernel * kernel)
        weight = scope.parameter(
            "weight", [inputs, outputs, kernel, kernel], standard, layout: .transposed)
        self.bias = bias.declared(in: scope, count: outputs, default: standard)
        self.inputs = inputs
        self.kernel = kernel
        name = scope.prefix
    }

    /// Applies the transposed convolution.
    ///
    /// - Parameter x: `[N, H, W, I]`.
    /// - Returns: `[N, k H, k W, O]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        Graph.named(name) {
            let matrix = weight.tensor.reshaped([weight.value.count / inputs, inputs])
            return x.linear(matrix, bias: nil)
                .pixelShuffled(factor: kernel, bias: bias?.tensor)
        }
    }
}
