import Layers
import Tensors

// MARK: - Attention

extension BiFormer {
    /// What a block attends with; the authors choose it by `topk`.
    enum AttentionKind {
        /// Bi-level routing; `topk` is positive.
        case routing(RoutingSettings)
        /// All pixels to all pixels; `topk` is -1.
        case full
        /// As `full`, with a depth-wise convolution of the input; `topk` is -2.
        case fullWithPosition(kernel: Int)
        /// 1x1, depth-wise 5x5 and 1x1 convolution instead of attention; `topk` is 0.
        case convolutions
    }

    /// The attention of a block.
    enum Attention {
        case routing(BiLevelRoutingAttention)
        case full(FullAttention)
        case convolutions(ConvolutionTriple)

        init(_ scope: ParameterScope, channels c: Int, _ kind: AttentionKind) {
            switch kind {
            case .routing(let settings): self = .routing(BiLevelRoutingAttention(scope, settings))
            case .full: self = .full(FullAttention(scope, channels: c, position: .none))
            case .fullWithPosition(let kernel):
                self = .full(
                    FullAttention(scope, channels: c, position: .ofInput(kernel: kernel)))
            case .convolutions: self = .convolutions(ConvolutionTriple(scope, channels: c))
            }
        }

        /// Attends.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - record: Takes the routes, if given.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor, _ record: RouteRecord?) -> Tensor {
            switch self {
            case .routing(let attention): attention(x, record)
            case .full(let attention): attention(x)
            case .convolutions(let convolutions): convolutions(x)
            }
        }
    }

    /// Three convolutions in the place of an attention, without activations between them.
    struct ConvolutionTriple {
        private let before: Conv2d
        private let local: DepthwiseConv2d
        private let after: Conv2d

        init(_ scope: ParameterScope, channels c: Int) {
            before = Conv2d(scope[1], c, c, kernel: 1)
            local = DepthwiseConv2d(scope[2], c, kernel: 5, padding: 2)
            after = Conv2d(scope[3], c, c, kernel: 1)
        }

        /// Applies the three.
        ///
        /// - Parameter x: `[N, H, W, C]`.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor) -> Tensor { after(local(before(x))) }
    }
}

// MARK: - MLP

extension BiFormer {
    /// Two linear maps with the exact GELU between them, and a depth-wise 3x3 convolution before it
    /// if asked for.
    struct MLP {
        private let expand: Linear
        private let local: DepthwiseConv2d?
        private let contract: Linear

        init(_ scope: ParameterScope, channels c: Int, hidden: Int, isLocal: Bool) {
            expand = Linear(scope[0], c, hidden, initializer: BiFormer.linearInitializer)
            local =
                isLocal
                ? DepthwiseConv2d(scope[1]["dwconv"], hidden, kernel: 3, padding: 1) : nil
            contract = Linear(scope[3], hidden, c, initializer: BiFormer.linearInitializer)
        }

        /// Mixes channels.
        ///
        /// - Parameter x: `[N, H, W, C]`.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor) -> Tensor {
            let wide = expand(x)
            return contract(geluOf: local.map { $0(wide) } ?? wide)
        }
    }
}

// MARK: - Block

extension BiFormer {
    /// The settings of one block.
    struct BlockSettings {
        /// Channels of input and output.
        var channels: Int
        /// What it attends with.
        var attention: AttentionKind
        /// Hidden channels of the MLP as a multiple of the channels.
        var mlpRatio: Double
        /// Side of the depth-wise kernel before the attention: 3, or 0 for none.
        var positionKernel = 3
        /// Initial layer scale, or nil for none.
        var layerScale: Float?
        /// Whether the MLP has a depth-wise convolution.
        var isMLPLocal = false
        /// Whether LayerNorm comes before each branch, not behind each sum.
        var isNormFirst = true
        /// Stochastic depth of both branches.
        var dropPath: Float = 0
    }

    /// A depth-wise convolution, attention and MLP, each a residual.
    ///
    /// `x = x + position(x)`, `x = x + drop(s1 * attention(norm1(x)))`, `x = x + drop(s2 *
    /// mlp(norm2(x)))`; or with the norms last, `x = norm1(x + drop(s1 * attention(x)))` and so on.
    /// One rate a block, drawn for the two branches independently (BiFormer, figure 3).
    struct Block {
        private let position: DepthwiseConv2d?
        private let attentionNorm: LayerNorm
        private let attention: Attention
        private let mlpNorm: LayerNorm
        private let mlp: MLP
        private let attentionScale: Parameter?
        private let mlpScale: Parameter?
        private let isNormFirst: Bool
        private let dropPath: DropPath

        init(_ scope: ParameterScope, _ settings: BlockSettings) {
            let (c, kernel) = (settings.channels, settings.positionKernel)
            position =
                kernel > 0
                ? DepthwiseConv2d(scope["pos_embed"], c, kernel: kernel, padding: 1) : nil
            attentionNorm = LayerNorm(scope["norm1"], c, epsilon: 1e-6)
            attention = Attention(scope["attn"], channels: c, settings.attention)
            mlpNorm = LayerNorm(scope["norm2"], c, epsilon: 1e-6)
            mlp = MLP(
                scope["mlp"], channels: c, hidden: Int(settings.mlpRatio * Double(c)),
                isLocal: settings.isMLPLocal)
            func layerScale(_ name: String) -> Parameter? {
                settings.layerScale.map {
                    scope.parameter(name, [c], .constant($0), role: .undecayed)
                }
            }
            attentionScale = layerScale("gamma1")
            mlpScale = layerScale("gamma2")
            isNormFirst = settings.isNormFirst
            dropPath = DropPath(rate: settings.dropPath)
        }

        /// Applies convolution, attention and MLP.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation, and the random state.
        ///   - record: Takes the routes, if given.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor, _ context: Context, _ record: RouteRecord?) -> Tensor {
            let placed = position.map { x + $0(x) } ?? x
            guard isNormFirst else {
                let attended = attentionNorm(
                    add(attention(placed, record), to: placed, attentionScale, context))
                return mlpNorm(add(mlp(attended), to: attended, mlpScale, context))
            }
            let attended = add(
                attention(attentionNorm(placed), record), to: placed, attentionScale, context)
            return add(mlp(mlpNorm(attended)), to: attended, mlpScale, context)
        }

        private func add(
            _ branch: Tensor, to x: Tensor, _ scale: Parameter?, _ context: Context
        ) -> Tensor {
            guard let scale else { return x + dropPath(branch, context) }
            return dropPath.adding(branch, to: x, scaledBy: scale, context)
        }
    }
}
