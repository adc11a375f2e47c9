import Layers
import Tensors

/// The kind of large kernel in an EVA block, by the authors' names.
public enum LargeKernel: String, Codable, Sendable, CaseIterable {
    /// Sparse decomposed large separable kernels with a choice between them: all published models.
    case sdlska = "SDLSKA"
    /// Large separable kernels in sequence (Lau et al., 2024).
    case lska = "LSKA"
    /// Long kernels beside a small one (Liu et al., 2023).
    case slak = "SLAK"
}

/// How a large kernel is made of a small one and a dilated one behind it.
struct KernelDecomposition: Equatable {
    /// Side of the small kernel.
    let local: Int
    /// Taps of the dilated one.
    let taps: Int
    /// Distance of its taps.
    let dilation: Int

    /// What the authors define, by the side of the kernel.
    private static let known = [
        7: KernelDecomposition(local: 3, taps: 3, dilation: 2),
        11: KernelDecomposition(local: 3, taps: 5, dilation: 2),
        23: KernelDecomposition(local: 5, taps: 7, dilation: 3),
        35: KernelDecomposition(local: 5, taps: 11, dilation: 3),
        41: KernelDecomposition(local: 5, taps: 13, dilation: 3),
        53: KernelDecomposition(local: 5, taps: 17, dilation: 3),
    ]

    /// The decomposition of a kernel; nil for a size or kind that has none.
    static func of(_ kind: LargeKernel, _ size: Int) -> KernelDecomposition? {
        kind.decomposedSizes.contains(size) ? known[size] : nil
    }
}

extension LargeKernel {
    /// The sides that the authors decompose.
    fileprivate var decomposedSizes: [Int] {
        switch self {
        case .sdlska: [7, 11, 23, 35]
        case .lska: [7, 11, 23, 35, 41, 53]
        case .slak: []
        }
    }

    /// Whether the authors' code can build a kernel of this side.
    func serves(_ size: Int) -> Bool {
        self == .slak ? size > 0 && size % 2 == 1 : decomposedSizes.contains(size)
    }

    /// The sides that it serves, for messages.
    var sizes: String {
        self == .slak ? "any odd number" : decomposedSizes.map(String.init).joined(separator: ", ")
    }
}

// MARK: - Gates

/// What an attention multiplies its values with: computed from them, of their shape.
protocol SpatialGate: Sendable {
    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor
}

extension BEVANet {
    /// The gate of a kind and size.
    ///
    /// - Parameters:
    ///   - scope: Holds its parameters.
    ///   - kind: Which kind.
    ///   - size: Side of the kernel, one that the kind serves.
    ///   - channels: Channels of the map.
    ///   - initial: How its convolutions begin; all but those of LSKA stand in EVA blocks alone.
    /// - Returns: The gate.
    static func spatialGate(
        _ scope: ParameterScope, _ kind: LargeKernel, size: Int, channels: Int,
        initial: InitialValues = .attentionBlock
    ) -> any SpatialGate {
        switch (kind, KernelDecomposition.of(kind, size)) {
        case (.sdlska, let parts?): SelectiveGate(scope, parts, channels: channels)
        case (.lska, let parts?):
            SequentialGate(scope, parts, channels: channels, initial: initial)
        default: CrossGate(scope, size: size, channels: channels)
        }
    }

    /// How convolutions begin.
    enum InitialValues {
        /// As EVA blocks draw them: He's normal by outputs, biases 0.
        case attentionBlock
        /// By PyTorch's default.
        case pytorch

        /// The rule of a weight of so many outputs a group; nil for PyTorch's default.
        func initializer(fanOut: Int) -> Initializer? {
            self == .attentionBlock ? .heNormal(fanOut: fanOut) : nil
        }
    }

    /// A depth-wise convolution that keeps the size, under the name `dwconv`.
    static func depthwise(
        _ scope: ParameterScope, _ channels: Int, _ kernel: KernelExtent, dilation: Int = 1,
        initial: InitialValues = .attentionBlock
    ) -> DepthwiseConv2d {
        DepthwiseConv2d(
            scope["dwconv"], channels, keepingSizeBy: kernel, dilation: dilation,
            initializer: initial.initializer(fanOut: kernel.height * kernel.width))
    }

    /// A 1x1 convolution with a bias, under the name `pwconv`.
    static func pointwise(
        _ scope: ParameterScope, _ inputs: Int, _ outputs: Int,
        initial: InitialValues = .attentionBlock
    ) -> Conv2d {
        Conv2d(
            scope["pwconv"], inputs, outputs, kernel: 1,
            initializer: initial.initializer(fanOut: outputs))
    }

    /// SDLSKA: a small kernel, a horizontal and a vertical one behind it side by side, and a
    /// choice between the three.
    ///
    /// `y = x * pointwise(selection(small, row(small), column(small)))`.
    struct SelectiveGate: SpatialGate {
        private let small: DepthwiseConv2d
        private let horizontal: DepthwiseConv2d
        private let vertical: DepthwiseConv2d
        private let pointwise: Conv2d
        private let selection: KernelSelection

        init(_ scope: ParameterScope, _ parts: KernelDecomposition, channels c: Int) {
            small = BEVANet.depthwise(scope["DW_conv"], c, .square(parts.local))
            horizontal = BEVANet.depthwise(
                scope["DW_D_conv_h"], c, .row(parts.taps), dilation: parts.dilation)
            vertical = BEVANet.depthwise(
                scope["DW_D_conv_v"], c, .column(parts.taps), dilation: parts.dilation)
            pointwise = BEVANet.pointwise(scope["pwconv"], c, c)
            selection = KernelSelection(scope["FS_kernel"], channels: c)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let near = small(x)
            let chosen = selection([near, horizontal(near), vertical(near)], context)
            return x * pointwise(chosen)
        }
    }

    /// LSKA: rows and columns, small and dilated, in sequence.
    ///
    /// `y = x * pointwise(column'(row'(column(row(x)))))`.
    struct SequentialGate: SpatialGate {
        private let kernels: [DepthwiseConv2d]
        private let pointwise: Conv2d

        init(
            _ scope: ParameterScope, _ parts: KernelDecomposition, channels c: Int,
            initial: InitialValues
        ) {
            func kernel(
                _ name: String, _ extent: KernelExtent, dilation: Int = 1
            ) -> DepthwiseConv2d {
                BEVANet.depthwise(
                    scope[name], c, extent, dilation: dilation, initial: initial)
            }
            let (taps, dilation) = (parts.taps, parts.dilation)
            kernels = [
                kernel("DW_conv_h", .row(parts.local)),
                kernel("DW_conv_v", .column(parts.local)),
                kernel("DW_D_conv_h", .row(taps), dilation: dilation),
                kernel("DW_D_conv_v", .column(taps), dilation: dilation),
            ]
            pointwise = BEVANet.pointwise(scope["pwconv"], c, c, initial: initial)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            x * pointwise(kernels.reduce(x) { $1($0) })
        }
    }

    /// SLAK: the sum of a 5x5, a tall and a wide kernel; the authors call the tall one `h`.
    struct CrossGate: SpatialGate {
        private let small: DepthwiseConv2d
        private let tall: DepthwiseConv2d
        private let wide: DepthwiseConv2d
        private let pointwise: Conv2d

        init(_ scope: ParameterScope, size: Int, channels c: Int) {
            small = BEVANet.depthwise(scope["conv_small"], c, .square(5))
            tall = BEVANet.depthwise(
                scope["conv_big_h"], c, KernelExtent(height: size, width: 5))
            wide = BEVANet.depthwise(
                scope["conv_big_v"], c, KernelExtent(height: 5, width: size))
            pointwise = BEVANet.pointwise(scope["pwconv"], c, c)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            x * pointwise(small(x) + tall(x) + wide(x))
        }
    }
}
