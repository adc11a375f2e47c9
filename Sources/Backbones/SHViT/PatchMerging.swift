import Layers
import Tensors

// MARK: - Squeeze and excitation

extension SHViT {
    /// Squeeze and excitation (Hu, Shen and Sun, CVPR 2018): one gate for each sample and channel.
    ///
    /// `y = x * sigmoid(excite(relu(squeeze(mean(x)))))`.
    struct SqueezeExcite {
        private let squeeze: Conv2d
        private let excite: Conv2d

        init(_ scope: ParameterScope, channels c: Int) {
            // A quarter of the channels to the nearest multiple of 8, as timm's make_divisible
            // without its correction of widths that were rounded down.
            let hidden = max(8, (c / 4 + 4) / 8 * 8)
            squeeze = Conv2d(scope["fc1"], c, hidden, kernel: 1)
            excite = Conv2d(scope["fc2"], hidden, c, kernel: 1)
        }

        /// Gates the channels.
        ///
        /// - Parameter x: `[N, H, W, C]`.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor) -> Tensor {
            let shape: Shape = [x.shape[0], 1, 1, x.shape.channels]
            let mean = x.meanOverPositions().reshaped(shape)
            return x.gated(byChannels: excite(squeeze(mean).relu()).sigmoid())
        }
    }
}

// MARK: - Patch merging

extension SHViT {
    /// Half the size and other channels: an inverted residual without shortcut.
    ///
    /// `y = contract(gate(relu(halve(relu(expand(x))))))` with four times the channels inside.
    struct PatchMerging {
        private let expand: ConvolutionNorm
        private let halve: DepthwiseNorm
        private let gate: SqueezeExcite
        private let contract: ConvolutionNorm

        init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int) {
            let hidden = 4 * inputs
            expand = ConvolutionNorm(scope["conv1"], inputs, hidden)
            halve = DepthwiseNorm(scope["conv2"], channels: hidden, stride: 2)
            gate = SqueezeExcite(scope["se"], channels: hidden)
            contract = ConvolutionNorm(scope["conv3"], hidden, outputs)
        }

        /// Merges neighbouring positions.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, inputs]`.
        ///   - context: Training or evaluation.
        /// - Returns: `[N, ceil(H / 2), ceil(W / 2), outputs]`.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let expanded = expand(x, context, ending: .rectified)
            return contract(gate(halve(expanded, context, ending: .rectified)), context)
        }
    }

    /// What stands at the head of the second and third stage: merging between two pairs of
    /// convolution and feed-forward network.
    struct Transition {
        private let before: ResidualPair
        private let merge: PatchMerging
        private let after: ResidualPair

        init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int) {
            before = ResidualPair(scope[0], channels: inputs)
            merge = PatchMerging(scope[1], inputs, outputs)
            after = ResidualPair(scope[2], channels: outputs)
        }

        /// Halves the size.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, inputs]`.
        ///   - context: Training or evaluation.
        /// - Returns: `[N, ceil(H / 2), ceil(W / 2), outputs]`.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            after(merge(before(x, context), context), context)
        }
    }
}
