import Layers
import Tensors

extension SHViT {
    /// Single-head self-attention over the first channels; the others pass by.
    ///
    /// `y = project(relu(concat(attention(normalized(first)), rest)))`; SHViT, section 3.2. The
    /// ReLU stands before the projection and acts on both parts, and GroupNorm has one group.
    struct SingleHeadAttention {
        /// The channels that take part.
        struct Sizes {
            /// Channels of values: the first ones of the input.
            let values: Int
            /// Channels of queries, and of keys.
            let keys: Int
        }

        private let sizes: Sizes
        private let norm: GroupNorm
        private let project: ConvolutionNorm
        private let expand: ConvolutionNorm

        init(_ scope: ParameterScope, channels c: Int, _ sizes: Sizes) {
            self.sizes = sizes
            norm = GroupNorm(scope["pre_norm"], sizes.values, groups: 1)
            expand = ConvolutionNorm(scope["qkv"], sizes.values, 2 * sizes.keys + sizes.values)
            project = ConvolutionNorm(scope["proj"][1], c, c, initialWeight: 0)
        }

        /// Attends.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation.
        ///   - ending: What follows.
        /// - Returns: The same shape.
        func callAsFunction(
            _ x: Tensor, _ context: Context, ending: BatchNormEnding = .plain
        ) -> Tensor {
            let first = x.channels(0..<sizes.values)
            let rest = x.channels(sizes.values..<x.shape.channels)
            let product = SelfAttention(
                heads: 1, keyWidth: sizes.keys, valueWidth: sizes.values)
            let attended = product(expand(norm(first), context))
            return project(
                Tensor.concatenated([attended, rest]).relu(), context, ending: ending)
        }
    }
}
