import Layers
import Tensors

/// Whether a residual block ends with a ReLU.
enum ResidualEnd: Sendable {
    /// `relu(branch + shortcut)`.
    case rectified
    /// `branch + shortcut`.
    case linear
}

// MARK: - Pieces

extension BEVANet {
    /// Convolution without bias, then BatchNorm, under two scopes.
    struct NormalizedConvolution {
        private let convolution: Conv2d
        private let norm: BatchNorm2d

        init(
            _ convolution: ParameterScope, _ norm: ParameterScope, _ inputs: Int, _ outputs: Int,
            kernel: Int, stride: Int = 1
        ) {
            self.convolution = Conv2d(
                convolution, inputs, outputs, kernel: kernel, stride: stride, padding: kernel / 2,
                bias: false)
            self.norm = BatchNorm2d(norm, outputs)
        }

        /// The pair at `scope[first]` and `scope[first + 1]`, as in a sequence of layers.
        init(
            _ scope: ParameterScope, first: Int = 0, _ inputs: Int, _ outputs: Int, kernel: Int,
            stride: Int = 1
        ) {
            self.init(
                scope[first], scope[first + 1], inputs, outputs, kernel: kernel, stride: stride)
        }

        func callAsFunction(
            _ x: Tensor, _ context: Context, ending: BatchNormEnding = .plain
        ) -> Tensor {
            norm(convolution(x), context, ending: ending)
        }
    }

    /// How a residual block changes the map, and how it ends.
    struct BlockGeometry {
        let inputs: Int
        let planes: Int
        var stride = 1
        var end = ResidualEnd.rectified
    }
}

// MARK: - Blocks

/// A block with a shortcut.
protocol ResidualBlock: Sendable {
    /// Output channels for each plane.
    static var expansion: Int { get }
    /// How a layer of a single block ends.
    static var ownEnd: ResidualEnd { get }

    init(_ scope: ParameterScope, _ geometry: BEVANet.BlockGeometry)

    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor
}

extension BEVANet {
    /// Two 3x3 convolutions around a shortcut (He et al., 2016, figure 2).
    struct BasicBlock: ResidualBlock {
        static let expansion = 1
        static let ownEnd = ResidualEnd.rectified
        private let first: NormalizedConvolution
        private let second: NormalizedConvolution
        private let downsample: NormalizedConvolution?
        private let end: ResidualEnd

        init(_ scope: ParameterScope, _ geometry: BlockGeometry) {
            let planes = geometry.planes
            first = NormalizedConvolution(
                scope["conv1"], scope["bn1"], geometry.inputs, planes, kernel: 3,
                stride: geometry.stride)
            second = NormalizedConvolution(
                scope["conv2"], scope["bn2"], planes, planes, kernel: 3)
            downsample = BEVANet.downsample(scope, geometry, outputs: planes)
            end = geometry.end
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let branch = second(first(x, context, ending: .rectified), context)
            let y = branch + (downsample?(x, context) ?? x)
            return end == .rectified ? y.relu() : y
        }
    }

    /// A 3x3 convolution between two 1x1 ones around a shortcut, twice the planes put out.
    struct Bottleneck: ResidualBlock {
        static let expansion = 2
        static let ownEnd = ResidualEnd.linear
        private let first: NormalizedConvolution
        private let second: NormalizedConvolution
        private let third: NormalizedConvolution
        private let downsample: NormalizedConvolution?
        private let end: ResidualEnd

        init(_ scope: ParameterScope, _ geometry: BlockGeometry) {
            let (planes, outputs) = (geometry.planes, geometry.planes * Self.expansion)
            first = NormalizedConvolution(
                scope["conv1"], scope["bn1"], geometry.inputs, planes, kernel: 1)
            second = NormalizedConvolution(
                scope["conv2"], scope["bn2"], planes, planes, kernel: 3, stride: geometry.stride)
            third = NormalizedConvolution(
                scope["conv3"], scope["bn3"], planes, outputs, kernel: 1)
            downsample = BEVANet.downsample(scope, geometry, outputs: outputs)
            end = geometry.end
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let inner = second(first(x, context, ending: .rectified), context, ending: .rectified)
            let y = third(inner, context) + (downsample?(x, context) ?? x)
            return end == .rectified ? y.relu() : y
        }
    }

    /// The 1x1 convolution of a shortcut whose ends differ in size or channels, else nil.
    private static func downsample(
        _ scope: ParameterScope, _ geometry: BlockGeometry, outputs: Int
    ) -> NormalizedConvolution? {
        guard geometry.stride != 1 || geometry.inputs != outputs else { return nil }
        return NormalizedConvolution(
            scope["downsample"], geometry.inputs, outputs, kernel: 1, stride: geometry.stride)
    }
}

// MARK: - Layer

extension BEVANet {
    /// Blocks in a row: the first may change size and channels, the last of several ends linearly.
    struct ResidualLayer<Block: ResidualBlock>: Sendable {
        private let blocks: [Block]

        /// Declares the blocks at `scope[0]`, `scope[1]`, ...
        init(
            _ scope: ParameterScope, _ inputs: Int, planes: Int, count: Int = 1, stride: Int = 1
        ) {
            let width = planes * Block.expansion
            blocks = (0..<count).map { index in
                let isLast = count > 1 && index == count - 1
                let end = index == 0 ? Block.ownEnd : isLast ? .linear : .rectified
                return Block(
                    scope[index],
                    BlockGeometry(
                        inputs: index == 0 ? inputs : width, planes: planes,
                        stride: index == 0 ? stride : 1, end: end))
            }
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            blocks.reduce(x) { $1($0, context) }
        }
    }
}
