import Layers
import Tensors

extension BEVANet {
    /// Pixel-attention fusion (PagFM; Xu et al., "PIDNet", 2023): a fine map takes from a coarse
    /// one where both agree.
    ///
    /// `s = sigmoid(sum over channels of f_x(x) f_y(y))`, `out = (1 - s) x + s y`, with `y` and
    /// `f_y(y)` resized bilinearly to the size of `x`.
    struct PixelAttentionFusion {
        private let fine: NormalizedConvolution
        private let coarse: NormalizedConvolution

        init(_ scope: ParameterScope, channels: Int, hidden: Int) {
            fine = NormalizedConvolution(scope["f_x"], channels, hidden, kernel: 1)
            coarse = NormalizedConvolution(scope["f_y"], channels, hidden, kernel: 1)
        }

        /// Fuses.
        ///
        /// - Parameters:
        ///   - x: The fine map, `[N, H, W, C]`.
        ///   - y: The coarse map, `[N, h, w, C]`.
        ///   - context: Training or evaluation.
        /// - Returns: `[N, H, W, C]`.
        func callAsFunction(_ x: Tensor, _ y: Tensor, _ context: Context) -> Tensor {
            let (height, width) = (x.shape[1], x.shape[2])
            let query = coarse(y, context).resampledBilinear(height: height, width: width)
            let weights = fine(x, context).positionDot(query).sigmoid()
            return x.blended(
                with: y.resampledBilinear(height: height, width: width), by: weights)
        }
    }
}
