import Tensors

/// Convolution of each channel with a kernel of its own, zero padding.
///
/// `y[n, i, j, c] = b[c] + sum over a, b of x[n, i s + a d - p, j s + b d - p, c] w[c, 0, a, b]`
/// with stride `s`, dilation `d` and padding `p`. Files have the weight as `[C, 1, k, k]`, memory
/// as `[k, k, C]`, so that the inner loop runs along channels.
public struct DepthwiseConv2d: Sendable {
    /// The weight, `[C, 1, k, k]` in files.
    public let weight: Parameter
    /// The bias, `[C]`, or nil.
    public let bias: Parameter?
    private let stride: Int
    private let padding: Int
    private let dilation: Int
    private let name: String

    /// Declares the parameters.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight` and `bias`.
    ///   - channels: Channels of input and output.
    ///   - kernel: Side of the kernel in taps.
    ///   - stride: Step in pixels.
    ///   - padding: Zeros added on each side, in pixels.
    ///   - dilation: Distance of neighbouring taps in pixels.
    ///   - bias: Whether there is a bias.
    ///   - initializer: Of the weight; nil is PyTorch's default for weight and bias.
    public init(
        _ scope: ParameterScope, _ channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
        dilation: Int = 1, bias: Bias = true, initializer: Initializer? = nil
    ) {
        let standard = Initializer.pytorchDefault(fanIn: kernel * kernel)
        weight = scope.parameter(
            "weight", [channels, 1, kernel, kernel], initializer ?? standard, layout: .depthwise)
        self.bias = bias.declared(
            in: scope, count: channels, default: initializer == nil ? standard : nil)
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        name = scope.prefix
    }

    /// Applies the convolution.
    ///
    /// - Parameter x: `[N, H, W, C]`.
    /// - Returns: `[N, (H + 2 p - d (k - 1) - 1) / s + 1, ..., C]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        Graph.named(name) {
            x.depthwiseConvolved(
                weight.tensor, bias: bias?.tensor, stride: stride, padding: padding,
                dilation: dilation)
        }
    }
}
