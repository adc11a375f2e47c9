import Layers
import Tensors

// MARK: - Attention

extension VAN {
    /// Large kernel attention between two 1x1 convolutions, with a shortcut of its own.
    ///
    /// `y = x + after(lka(gelu(before(x))))`; VAN, figure 3. The shortcut starts at the
    /// normalised input and lies inside the layer scale of the block.
    struct Attention {
        private let before: Conv2d
        private let gate: LargeKernelAttention
        private let after: Conv2d

        init(_ scope: ParameterScope, channels c: Int) {
            before = Conv2d(scope["proj_1"], c, c, kernel: 1, initializer: .heNormal(fanOut: c))
            gate = LargeKernelAttention(scope["spatial_gating_unit"], channels: c)
            after = Conv2d(scope["proj_2"], c, c, kernel: 1, initializer: .heNormal(fanOut: c))
        }

        /// Attends.
        ///
        /// - Parameter x: `[N, H, W, C]`, normalised.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor) -> Tensor { after(gate(before(x).gelu())) + x }
    }
}

// MARK: - MLP

extension VAN {
    /// The MLP under the authors' names; with their switch `linear` a ReLU follows `fc1`.
    static func mlp(
        _ scope: ParameterScope, channels: Int, hidden: Int, linear: Bool
    ) -> DepthwiseMLP {
        DepthwiseMLP(
            expand: scope["fc1"], local: scope["dwconv"]["dwconv"], contract: scope["fc2"],
            channels: channels, hidden: hidden, expansion: linear ? .rectified : .linear)
    }
}

// MARK: - Block

extension VAN {
    /// Attention and MLP, each behind BatchNorm, a layer scale and stochastic depth.
    ///
    /// `x = x + drop(scale1 * attention(norm1(x)))`, then `x = x + drop(scale2 * mlp(norm2(x)))`;
    /// one rate a block, drawn for the two branches independently.
    struct Block {
        private let attentionScale: Parameter
        private let mlpScale: Parameter
        private let attentionNorm: BatchNorm2d
        private let attention: Attention
        private let dropPath: DropPath
        private let mlpNorm: BatchNorm2d
        private let mlp: DepthwiseMLP

        init(_ scope: ParameterScope, channels c: Int, hidden: Int, linear: Bool, dropPath: Float) {
            attentionScale = scope.parameter(
                "layer_scale_1", [c], .constant(0.01), role: .undecayed)
            mlpScale = scope.parameter("layer_scale_2", [c], .constant(0.01), role: .undecayed)
            attentionNorm = BatchNorm2d(scope["norm1"], c)
            attention = Attention(scope["attn"], channels: c)
            self.dropPath = DropPath(rate: dropPath)
            mlpNorm = BatchNorm2d(scope["norm2"], c)
            mlp = VAN.mlp(scope["mlp"], channels: c, hidden: hidden, linear: linear)
        }

        /// Applies both branches.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let attended = dropPath.adding(
                attention(attentionNorm(x, context)), to: x, scaledBy: attentionScale, context)
            return dropPath.adding(
                mlp(mlpNorm(attended, context)), to: attended, scaledBy: mlpScale, context)
        }
    }
}
