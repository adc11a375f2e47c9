import Layers
import Tensors

// MARK: - Attention

extension BEVANet {
    /// A large-kernel gate between two 1x1 convolutions, with a shortcut of its own.
    ///
    /// `y = z + after(gate(gelu(before(z))))`, where `z` is the normalised input.
    struct Attention {
        private let before: Conv2d
        private let gate: any SpatialGate
        private let after: Conv2d

        init(
            _ scope: ParameterScope, _ kind: LargeKernel, size: Int, channels c: Int,
            initial: InitialValues = .attentionBlock
        ) {
            before = BEVANet.pointwise(scope["proj_1"], c, c, initial: initial)
            gate = BEVANet.spatialGate(
                scope["spatial_gating_unit"], kind, size: size, channels: c, initial: initial)
            after = BEVANet.pointwise(scope["proj_2"], c, c, initial: initial)
        }

        /// Attends.
        ///
        /// - Parameters:
        ///   - z: `[N, H, W, C]`, normalised.
        ///   - context: Training or evaluation.
        /// - Returns: The same shape.
        func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
            after(gate(before(z).gelu(), context)) + z
        }
    }
}

// MARK: - Block

extension BEVANet {
    /// What the EVA blocks of one stage have in common.
    struct AttentionSettings {
        let kind: LargeKernel
        /// Side of the large kernel.
        let size: Int
        /// Hidden channels of the MLP as a multiple of the channels.
        let expansion: Double
        /// Probability that a branch is left out in training.
        let dropPathRate: Float
    }

    /// Efficient visual attention (EVA): attention and MLP, each behind BatchNorm and a layer scale.
    ///
    /// `x = x + scale1 * attention(norm1(x))`, then `x = x + scale2 * mlp(norm2(x))`. The authors'
    /// stochastic depth is at 0 in every published configuration.
    struct VisualAttention {
        private let attentionScale: Parameter
        private let mlpScale: Parameter
        private let attentionNorm: BatchNorm2d
        private let attention: Attention
        private let dropPath: DropPath
        private let mlpNorm: BatchNorm2d
        private let mlp: DepthwiseMLP

        init(_ scope: ParameterScope, _ settings: AttentionSettings, channels c: Int) {
            attentionScale = scope.parameter(
                "layer_scale_1", [c], .constant(0.01), role: .undecayed)
            mlpScale = scope.parameter("layer_scale_2", [c], .constant(0.01), role: .undecayed)
            attentionNorm = BatchNorm2d(scope["norm1"], c)
            attention = Attention(
                scope["attn"], settings.kind, size: settings.size, channels: c)
            dropPath = DropPath(rate: settings.dropPathRate)
            mlpNorm = BatchNorm2d(scope["norm2"], c)
            let mlp = scope["mlp"]
            self.mlp = DepthwiseMLP(
                expand: mlp["fc1"]["pwconv"], local: mlp["dwconv"]["dwconv"],
                contract: mlp["fc2"]["pwconv"], channels: c,
                hidden: Int(Double(c) * settings.expansion))
        }

        /// Applies both branches.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let attended = dropPath.adding(
                attention(attentionNorm(x, context), context), to: x, scaledBy: attentionScale,
                context)
            return dropPath.adding(
                mlp(mlpNorm(attended, context)), to: attended, scaledBy: mlpScale, context)
        }
    }

    /// An EVA block with LayerNorm at each position behind it.
    struct NormalizedAttention {
        private let block: VisualAttention
        private let norm: LayerNorm

        init(
            _ block: ParameterScope, _ norm: ParameterScope, _ settings: AttentionSettings,
            channels: Int
        ) {
            self.block = VisualAttention(block, settings, channels: channels)
            self.norm = LayerNorm(norm, channels)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { norm(block(x, context)) }
    }
}
