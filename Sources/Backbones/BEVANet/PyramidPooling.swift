import Layers
import Tensors

/// The pyramid of the segmentation network's deepest map, by the authors' names.
public enum PyramidPooling: String, Codable, Sendable, CaseIterable {
    /// Pools one after another with large separable kernels between them: all published models.
    case dlkppm = "DLKPPM"
    /// Pools and large separable kernels side by side.
    case plkppm = "PLKPPM"
    /// Pools one after another (Hong et al., "DDRNet", 2021).
    case dappm = "DAPPM"
    /// Pools side by side (Xu et al., "PIDNet", 2023).
    case pappm = "PAPPM"
}

/// What sees the deepest map at several scales: `[N, h, w, inputs]` to `[N, h, w, outputs]`.
protocol Pyramid: Sendable {
    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor
}

extension BEVANet {
    /// Channels of a pyramid.
    struct PyramidExtent {
        /// Of the map.
        let inputs: Int
        /// Of each scale.
        let branch: Int
        /// Of the result.
        let outputs: Int
    }

    /// The pyramid of a kind.
    static func pyramid(
        _ scope: ParameterScope, _ kind: PyramidPooling, _ extent: PyramidExtent
    ) -> any Pyramid {
        switch kind {
        case .dlkppm: AttentivePyramid(scope, extent)
        case .plkppm: ParallelAttentivePyramid(scope, extent)
        case .dappm: DeepPyramid(scope, extent)
        case .pappm: ParallelPyramid(scope, extent)
        }
    }

    /// How a branch makes the map coarser.
    enum Pool {
        /// Square windows of so many pixels, half a side apart, zeros around.
        case windows(Int)
        /// So many parts along each axis.
        case bins(Int)

        /// Pools.
        ///
        /// - Parameter x: `[N, h, w, C]`.
        /// - Returns: The coarser map.
        func callAsFunction(_ x: Tensor) -> Tensor {
            switch self {
            case .windows(let side):
                x.averagePooled(side: side, stride: side / 2, padding: side / 2)
            case .bins(let count): x.averagePooled(bins: count)
            }
        }
    }

    /// BatchNorm and ReLU, then a convolution without bias: the authors' order in this part.
    ///
    /// The norm stands under `scope[first]`, the convolution two behind it; a 1x1 convolution
    /// has `pwconv` in its name.
    struct PreactivatedConvolution {
        private let norm: BatchNorm2d
        private let convolution: Conv2d

        init(
            _ scope: ParameterScope, first: Int = 0, _ inputs: Int, _ outputs: Int,
            kernel: Int = 1
        ) {
            norm = BatchNorm2d(scope[first], inputs)
            let place = scope[first + 2]
            convolution = Conv2d(
                kernel == 1 ? place["pwconv"] : place, inputs, outputs, kernel: kernel,
                padding: kernel / 2, bias: false)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            convolution(norm(x, context, ending: .rectified))
        }
    }

    /// BatchNorm and ReLU, then a 3x3 convolution whose taps are two pixels apart.
    struct DilatedConvolution {
        private let norm: BatchNorm2d
        private let weight: Parameter
        private let name: String

        init(_ scope: ParameterScope, _ channels: Int) {
            norm = BatchNorm2d(scope[0], channels)
            weight = scope[2].parameter(
                "weight", [channels, channels, 3, 3], .pytorchDefault(fanIn: 9 * channels),
                layout: .channelsLast)
            name = scope[2].prefix
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let rectified = norm(x, context, ending: .rectified)
            return Graph.named(name) { rectified.convolved(weight.tensor, dilation: 2) }
        }
    }

    /// A coarser view of the map, put back on its size.
    struct PyramidBranch {
        private let pool: Pool
        private let unit: PreactivatedConvolution

        init(_ scope: ParameterScope, _ pool: Pool, _ extent: PyramidExtent) {
            self.pool = pool
            unit = PreactivatedConvolution(scope, first: 1, extent.inputs, extent.branch)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            unit(pool(x), context).resampledBilinear(height: x.shape[1], width: x.shape[2])
        }
    }

    /// The branch without a pool, with attention by large separable kernels beside it.
    ///
    /// `s + scale * attention(norm(s))`.
    struct PyramidAttention {
        private let scale: Parameter
        private let norm: BatchNorm2d
        private let attention: Attention

        init(_ scope: ParameterScope, size: Int, channels: Int, scale: Parameter) {
            self.scale = scale
            norm = BatchNorm2d(scope["bn"], channels)
            attention = Attention(
                scope["lska"], .lska, size: size, channels: channels, initial: .pytorch)
        }

        func callAsFunction(_ s: Tensor, _ context: Context) -> Tensor {
            s.addingScaled(attention(norm(s, context), context), by: scale.tensor)
        }
    }

    /// What follows all scales: their channels brought together, and a shortcut from the map.
    struct PyramidEnd {
        private let compression: PreactivatedConvolution
        private let shortcut: PreactivatedConvolution

        init(_ scope: ParameterScope, _ extent: PyramidExtent, branches: Int) {
            compression = PreactivatedConvolution(
                scope["compression"], branches * extent.branch, extent.outputs)
            shortcut = PreactivatedConvolution(scope["shortcut"], extent.inputs, extent.outputs)
        }

        func callAsFunction(_ branches: [Tensor], _ x: Tensor, _ context: Context) -> Tensor {
            compression(.concatenated(branches), context) + shortcut(x, context)
        }
    }
}
