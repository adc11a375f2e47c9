import Layers
import Tensors

/// Large kernel attention: the input gated by a decomposed large convolution.
///
/// `y = x * pointwise(dilated(local(x)))`; VAN, section 3.1. No sigmoid and no softmax; on maps
/// smaller than 19 pixels part of the taps see padding, which counts as zero.
struct LargeKernelAttention {
    private let local: DepthwiseConv2d  // 5x5
    private let dilated: DepthwiseConv2d  // 7x7, dilation 3
    private let pointwise: Conv2d

    init(_ scope: ParameterScope, channels c: Int) {
        local = DepthwiseConv2d(
            scope["conv0"], c, kernel: 5, padding: 2, initializer: .heNormal(fanOut: 5 * 5))
        dilated = DepthwiseConv2d(
            scope["conv_spatial"], c, kernel: 7, padding: 9, dilation: 3,
            initializer: .heNormal(fanOut: 7 * 7))
        pointwise = Conv2d(scope["conv1"], c, c, kernel: 1, initializer: .heNormal(fanOut: c))
    }

    /// Gates the input.
    ///
    /// - Parameter x: `[N, H, W, C]`.
    /// - Returns: The same shape.
    func callAsFunction(_ x: Tensor) -> Tensor { x * pointwise(dilated(local(x))) }
}
