import Layers
import Tensors

// MARK: - Convolutions with BatchNorm

extension SHViT {
    /// A convolution without bias, then BatchNorm; padding keeps the size at stride 1.
    struct ConvolutionNorm {
        private let convolution: Conv2d
        private let norm: BatchNorm2d

        init(
            _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int = 1,
            stride: Int = 1, initialWeight: Float = 1
        ) {
            convolution = Conv2d(
                scope["c"], inputs, outputs, kernel: kernel, stride: stride, padding: kernel / 2,
                bias: false)
            norm = BatchNorm2d(scope["bn"], outputs, initialWeight: initialWeight)
        }

        /// Convolves and normalises.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, inputs]`.
        ///   - context: Training or evaluation.
        ///   - ending: What follows.
        /// - Returns: `[N, ceil(H / stride), ceil(W / stride), outputs]`.
        func callAsFunction(
            _ x: Tensor, _ context: Context, ending: BatchNormEnding = .plain
        ) -> Tensor {
            norm(convolution(x), context, ending: ending)
        }
    }

    /// A depth-wise 3x3 convolution without bias, then BatchNorm.
    struct DepthwiseNorm {
        private let convolution: DepthwiseConv2d
        private let norm: BatchNorm2d

        init(
            _ scope: ParameterScope, channels c: Int, stride: Int = 1, initialWeight: Float = 1
        ) {
            convolution = DepthwiseConv2d(
                scope["c"], c, kernel: 3, stride: stride, padding: 1, bias: false)
            norm = BatchNorm2d(scope["bn"], c, initialWeight: initialWeight)
        }

        /// Convolves and normalises.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation.
        ///   - ending: What follows.
        /// - Returns: `[N, ceil(H / stride), ceil(W / stride), C]`.
        func callAsFunction(
            _ x: Tensor, _ context: Context, ending: BatchNormEnding = .plain
        ) -> Tensor {
            norm(convolution(x), context, ending: ending)
        }
    }
}

// MARK: - Feed-forward network

extension SHViT {
    /// Two 1x1 convolutions with a ReLU between them: `y = contract(relu(expand(x)))`.
    struct FeedForward {
        private let expand: ConvolutionNorm
        private let contract: ConvolutionNorm

        init(_ scope: ParameterScope, channels c: Int) {
            expand = ConvolutionNorm(scope["pw1"], c, 2 * c)
            contract = ConvolutionNorm(scope["pw2"], 2 * c, c, initialWeight: 0)
        }

        /// Mixes channels.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation.
        ///   - ending: What follows.
        /// - Returns: The same shape.
        func callAsFunction(
            _ x: Tensor, _ context: Context, ending: BatchNormEnding = .plain
        ) -> Tensor {
            contract(expand(x, context, ending: .rectified), context, ending: ending)
        }
    }
}

// MARK: - Blocks

extension SHViT {
    /// Depth-wise convolution and feed-forward network, each with a shortcut, between stages.
    ///
    /// `x = x + local(x)`, then `x = x + mix(x)`.
    struct ResidualPair {
        private let local: DepthwiseNorm
        private let mix: FeedForward

        init(_ scope: ParameterScope, channels c: Int) {
            local = DepthwiseNorm(scope[0]["m"], channels: c)
            mix = FeedForward(scope[1]["m"], channels: c)
        }

        /// Applies both branches.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let y = local(x, context, ending: .added(to: x))
            return mix(y, context, ending: .added(to: y))
        }
    }

    /// Depth-wise convolution, single-head attention where the stage has it, and feed-forward
    /// network, each with a shortcut and stochastic depth; figure 4 of the paper.
    ///
    /// It begins as the identity: the scale of each branch's last BatchNorm is 0.
    struct Block {
        private let local: DepthwiseNorm
        private let attention: SingleHeadAttention?
        private let mix: FeedForward
        private let dropPath: DropPath

        init(
            _ scope: ParameterScope, channels c: Int, attention sizes: SingleHeadAttention.Sizes?,
            dropPath: Float
        ) {
            local = DepthwiseNorm(scope["conv"]["m"], channels: c, initialWeight: 0)
            attention = sizes.map {
                SingleHeadAttention(scope["mixer"]["m"], channels: c, $0)
            }
            mix = FeedForward(scope["ffn"]["m"], channels: c)
            self.dropPath = DropPath(rate: dropPath)
        }

        /// Applies the branches in turn.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            guard dropPath.isIdle(context) else { return dropping(x, context) }
            var y = local(x, context, ending: .added(to: x))
            if let attention { y = attention(y, context, ending: .added(to: y)) }
            return mix(y, context, ending: .added(to: y))
        }

        private func dropping(_ x: Tensor, _ context: Context) -> Tensor {
            var y = x + dropPath(local(x, context), context)
            if let attention { y = y + dropPath(attention(y, context), context) }
            return y + dropPath(mix(y, context), context)
        }
    }
}
