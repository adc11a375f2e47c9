import Layers
import Tensors

extension BEVANet {
    /// Comprehensive kernel selection (CKS): how much of each kernel's map, by channel and place.
    ///
    /// With `a` the sum of the maps, `z = reduce(mean of a)`: gates `g_k = sigmoid(expand_k(z))`,
    /// weights `s = sigmoid(conv7x7(mean and maximum of a over the channels))`, and the choice is
    /// `sum over k of x_k g_k s_k`. The gates are at least 1/2, since a ReLU ends `expand_k`.
    struct KernelSelection {
        private let reduce: PooledUnit
        private let expand: [PooledUnit]
        private let squeeze: Conv2d

        init(_ scope: ParameterScope, channels c: Int) {
            let hidden = max(c / 16, 32)
            reduce = PooledUnit(scope["fc_reduce"], c, hidden)
            expand = ["small", "big_h", "big_v"].map {
                PooledUnit(scope["fc_expand_" + $0], hidden, c)
            }
            squeeze = Conv2d(
                scope["conv_squeeze"], 2, 3, kernel: 7, padding: 3,
                initializer: .heNormal(fanOut: 7 * 7 * 3))
        }

        /// Chooses.
        ///
        /// - Parameters:
        ///   - maps: The maps of the small, the horizontal and the vertical kernel, `[N, H, W, C]`.
        ///   - context: Training or evaluation.
        /// - Returns: The same shape.
        func callAsFunction(_ maps: [Tensor], _ context: Context) -> Tensor {
            let sum = maps[0] + maps[1] + maps[2]
            let (samples, channels) = (sum.shape[0], sum.shape.channels)
            let mean = sum.meanOverPositions().reshaped([samples, 1, 1, channels])
            let reduced = reduce(mean, context)
            let gates = expand.map { $0(reduced, context).sigmoid() }
            let weights = squeeze(sum.channelSummary()).sigmoid()
            return MapSelection().apply(to: maps + gates + [weights])
        }
    }

    /// A 1x1 and a depth-wise 3x3 convolution, BatchNorm and ReLU on maps of one pixel.
    ///
    /// Only the centre of the 3x3 kernel meets more than padding.
    struct PooledUnit {
        private let pointwise: Conv2d
        private let local: DepthwiseConv2d
        private let norm: BatchNorm2d

        init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int) {
            pointwise = BEVANet.pointwise(scope[0], inputs, outputs)
            local = BEVANet.depthwise(scope[1], outputs, .square(3))
            norm = BatchNorm2d(scope[2], outputs)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            norm(local(pointwise(x)), context, ending: .rectified)
        }
    }
}
