import Layers
import Tensors

// MARK: - Position

extension DaViT {
    /// Conditional position encoding: the tokens and a depth-wise 3x3 convolution of them.
    ///
    /// `y = x + f(conv(x))` with the identity for `f`, or GELU with the authors' `cpe_act`.
    struct PositionEncoding {
        private let convolution: DepthwiseConv2d
        private let activates: Bool

        init(_ scope: ParameterScope, channels: Int, activates: Bool) {
            convolution = DepthwiseConv2d(scope["proj"], channels, kernel: 3, padding: 1)
            self.activates = activates
        }

        /// Adds positions.
        ///
        /// - Parameter x: `[N, H, W, C]`.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor) -> Tensor {
            let encoding = convolution(x)
            return x + (activates ? encoding.gelu() : encoding)
        }
    }
}

// MARK: - Attention

extension DaViT {
    /// Attention of one type between two linear maps.
    ///
    /// Spatial (section 3.1): softmax attention of each head among the positions of a window.
    /// Windows that reach beyond the map are padded with zeros before the first linear map, so
    /// that padded keys and values are its bias, unmasked. Channel (section 3.2): see
    /// `ChannelAttention`, where keys, values and queries change roles.
    struct Attention {
        private enum Kind {
            case spatial(SelfAttention)
            case channel(ChannelAttention)
        }

        private let kind: Kind
        private let mixed: Linear
        private let projection: Linear
        private let name: String

        init(
            _ scope: ParameterScope, _ type: DaViTConfiguration.AttentionType, channels: Int,
            heads: Int, window: Int, bias: Bool = true
        ) {
            switch type {
            case .spatial:
                let width = channels / heads
                kind = .spatial(
                    SelfAttention(
                        heads: heads, keyWidth: width, valueWidth: width, window: window))
            case .channel: kind = .channel(ChannelAttention(heads: heads))
            }
            mixed = Linear(
                scope["qkv"], channels, 3 * channels, bias: .when(bias), initializer: .linear)
            projection = Linear(scope["proj"], channels, channels, initializer: .linear)
            name = scope.prefix
        }

        /// Attends.
        ///
        /// - Parameter x: `[N, H, W, C]`, normalised.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor) -> Tensor {
            let parts = mixed(x)
            let attended = Graph.named(name) {
                switch kind {
                case .spatial(let attention): attention(parts, padding: mixed.bias?.tensor)
                case .channel(let attention): attention(parts)
                }
            }
            return projection(attended)
        }
    }
}

// MARK: - MLP

extension DaViT {
    /// Two linear maps with the exact GELU between them.
    struct MLP {
        private let expand: Linear
        private let contract: Linear

        init(_ scope: ParameterScope, channels: Int, hidden: Int) {
            expand = Linear(scope["fc1"], channels, hidden, initializer: .linear)
            contract = Linear(scope["fc2"], hidden, channels, initializer: .linear)
        }

        /// Mixes channels.
        ///
        /// - Parameter x: `[N, H, W, C]`.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor) -> Tensor { contract(geluOf: expand(x)) }
    }
}

// MARK: - Block

extension DaViT {
    /// Attention and MLP, each behind a position encoding and LayerNorm, with stochastic depth.
    ///
    /// `s = cpe0(x)`, `x = s + drop(attention(norm1(s)))`, then the same with `cpe1`, `norm2` and
    /// the MLP; shortcuts begin behind the position encodings. One rate a block, drawn for the
    /// two branches independently. Without `ffn` the second half is its position encoding alone.
    struct Block {
        private let attentionPosition: PositionEncoding
        private let attentionNorm: LayerNorm
        private let attention: Attention
        private let mlpPosition: PositionEncoding
        private let mlpNorm: LayerNorm?
        private let mlp: MLP?
        private let dropPath: DropPath

        init(
            _ scope: ParameterScope, _ type: DaViTConfiguration.AttentionType, channels: Int,
            heads: Int, _ configuration: DaViTConfiguration, dropPath: Float
        ) {
            let activates = configuration.cpeAct
            attentionPosition = PositionEncoding(
                scope["cpe"][0], channels: channels, activates: activates)
            attentionNorm = LayerNorm(scope["norm1"], channels)
            attention = Attention(
                scope["attn"], type, channels: channels, heads: heads,
                window: configuration.windowSize, bias: configuration.qkvBias)
            mlpPosition = PositionEncoding(
                scope["cpe"][1], channels: channels, activates: activates)
            mlpNorm = configuration.ffn ? LayerNorm(scope["norm2"], channels) : nil
            mlp =
                configuration.ffn
                ? MLP(
                    scope["mlp"], channels: channels,
                    hidden: configuration.hidden(channels: channels)) : nil
            self.dropPath = DropPath(rate: dropPath)
        }

        /// Applies both branches.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let start = attentionPosition(x)
            let attended = start + dropPath(attention(attentionNorm(start)), context)
            let middle = mlpPosition(attended)
            guard let mlp, let mlpNorm else { return middle }
            return middle + dropPath(mlp(mlpNorm(middle)), context)
        }
    }
}
