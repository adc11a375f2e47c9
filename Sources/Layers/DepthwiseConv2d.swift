import Tensors

/// Taps of a depth-wise kernel from top to bottom and from left to right.
public struct KernelExtent: Sendable, Hashable {
    /// Taps of a column.
    public let height: Int
    /// Taps of a row.
    public let width: Int

    /// Makes an extent.
    ///
    /// - Parameters:
    ///   - height: Taps of a column.
    ///   - width: Taps of a row.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// A square.
    public static func square(_ side: Int) -> KernelExtent {
        KernelExtent(height: side, width: side)
    }

    /// One row: `1 x taps`.
    public static func row(_ taps: Int) -> KernelExtent { KernelExtent(height: 1, width: taps) }

    /// One column: `taps x 1`.
    public static func column(_ taps: Int) -> KernelExtent { KernelExtent(height: taps, width: 1) }
}

/// Convolution of each channel with a kernel of its own, zero padding.
///
/// `y[n, i, j, c] = b[c] + sum over a, b of x[n, i s + a d - p, j s + b d - q, c] w[c, 0, a, b]`
/// with stride `s`, dilation `d` and paddings `p`, `q`. Files have the weight as `[C, 1, kh, kw]`,
/// memory as `[kh, kw, C]`, so that the inner loop runs along channels.
public struct DepthwiseConv2d: Sendable {
    /// The weight, `[C, 1, kh, kw]` in files.
    public let weight: Parameter
    /// The bias, `[C]`, or nil.
    public let bias: Parameter?
    private let stride: Int
    private let padding: KernelExtent
    private let dilation: Int
    private let name: String

    /// Declares the parameters of a square kernel.
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
        self.padding = .square(padding)
        self.dilation = dilation
        name = scope.prefix
    }

    /// Declares the parameters of a kernel of any odd extent that keeps the map's size.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight` and `bias`.
    ///   - channels: Channels of input and output.
    ///   - kernel: Taps of the kernel, odd numbers.
    ///   - dilation: Distance of neighbouring taps in pixels.
    ///   - initializer: Of the weight; nil is PyTorch's default for weight and bias.
    public init(
        _ scope: ParameterScope, _ channels: Int, keepingSizeBy kernel: KernelExtent,
        dilation: Int = 1, initializer: Initializer? = nil
    ) {
        let standard = Initializer.pytorchDefault(fanIn: kernel.height * kernel.width)
        weight = scope.parameter(
            "weight", [channels, 1, kernel.height, kernel.width], initializer ?? standard,
            layout: .depthwise)
        bias = Bias.present.declared(
            in: scope, count: channels, default: initializer == nil ? standard : nil)
        stride = 1
        padding = KernelExtent(
            height: kernel.height / 2 * dilation, width: kernel.width / 2 * dilation)
        self.dilation = dilation
        name = scope.prefix
    }

    /// Weight and bias as leaves of the tape that records; nil without a bias.
    var parameters: AffineParameters? {
        bias.map { AffineParameters(weight: weight.tensor, bias: $0.tensor) }
    }

    /// Applies the convolution.
    ///
    /// - Parameter x: `[N, H, W, C]`.
    /// - Returns: `[N, (H + 2 p - d (kh - 1) - 1) / s + 1, ..., C]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        Graph.named(name) {
            x.depthwiseConvolved(
                weight.tensor, bias: bias?.tensor, stride: stride,
                paddingHeight: padding.height, paddingWidth: padding.width, dilation: dilation)
        }
    }
}
