import Tensors

/// Convolution over height and width, zero padding.
///
/// `y[n, i, j, o] = b[o] + sum over a, b, c of x[n, i s + a - p, j s + b - p, c] w[o, c, a, b]`
/// with stride `s` and padding `p`. Files have the weight as `[O, I, k, k]`, memory as
/// `[O, k, k, I]`, so that a 1x1 convolution is a plain matrix product.
public struct Conv2d: Sendable {
    /// The weight, `[O, I, k, k]` in files.
    public let weight: Parameter
    /// The bias, `[O]`, or nil.
    public let bias: Parameter?
    private let stride: Int
    private let padding: Int
    private let name: String

    /// Declares the parameters.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight` and `bias`.
    ///   - inputs: Input channels.
    ///   - outputs: Output channels.
    ///   - kernel: Side of the kernel in pixels.
    ///   - stride: Step in pixels.
    ///   - padding: Zeros added on each side, in pixels.
    ///   - bias: Whether there is a bias.
    ///   - initializer: Of the weight; nil is PyTorch's default for weight and bias.
    public init(
        _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1,
        padding: Int = 0, bias: Bias = true, initializer: Initializer? = nil
    ) {
        let standard = Initializer.pytorchDefault(fanIn: inputs * kernel * kernel)
        weight = scope.parameter(
            "weight", [outputs, inputs, kernel, kernel], initializer ?? standard,
            layout: .channelsLast)
        self.bias = bias.declared(
            in: scope, count: outputs, default: initializer == nil ? standard : nil)
        self.stride = stride
        self.padding = padding
        name = scope.prefix
    }

    /// Weight and bias as leaves of the tape that records; nil without a bias.
    var parameters: AffineParameters? {
        bias.map { AffineParameters(weight: weight.tensor, bias: $0.tensor) }
    }

    /// Applies the convolution.
    ///
    /// - Parameter x: `[N, H, W, I]`.
    /// - Returns: `[N, (H + 2 p - k) / s + 1, (W + 2 p - k) / s + 1, O]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        Graph.named(name) {
            x.convolved(weight.tensor, bias: bias?.tensor, stride: stride, padding: padding)
        }
    }

    /// Applies the convolution behind GELU; a 1x1 one does not keep what lies between while a tape
    /// records.
    ///
    /// - Parameter x: `[N, H, W, I]`.
    /// - Returns: As without GELU.
    public func callAsFunction(geluOf x: Tensor) -> Tensor {
        let isPointwise = weight.value.shape.dimensions[1..<3] == [1, 1]
        guard Tape.isRecording, isPointwise, stride == 1, padding == 0 else {
            return self(x.gelu())
        }
        return x.geluLinear(weight.tensor, bias: bias?.tensor)
    }
}
