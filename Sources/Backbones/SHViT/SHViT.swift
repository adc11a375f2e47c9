// Yun and Ro, "SHViT: Single-Head Vision Transformer with Memory Efficient Macro Design",
// CVPR 2024, arXiv 2401.16456.
//
// Sections 3.1 and 3.2, figure 4. Key names are those of the authors' model/shvit.py and, for the
// dense form, downstream/shvit.py, whose BatchNorm keeps its running statistics in training. Where
// the paper and the code differ the code is followed: the ReLU of attention stands before its
// projection.

import Layers
import Tensors

/// Single-Head Vision Transformer: a convolutional stem of stride 16, then three stages of
/// depth-wise convolutions, attention with one head over a part of the channels, and 1x1
/// convolutions.
///
/// Strides 16, 32 and 64; any image of at least 1x1 pixel.
public struct SHViT: Backbone {
    /// The maps of the three stages, as the blocks leave them.
    public let features: [FeatureSpec]
    /// Two images for a classifier, whose head normalises one value a sample; else one.
    public var smallestTrainingBatch: Int { heads.isEmpty ? 1 : 2 }
    private let stem: Stem
    private let stages: [Stage]
    private let heads: [Head]
    private let keepsStatistics: Bool

    /// Declares the network.
    ///
    /// - Parameters:
    ///   - scope: Holds the parameters under the authors' names.
    ///   - configuration: Settings that were validated.
    public init(_ scope: ParameterScope, _ configuration: SHViTConfiguration) {
        let dims = configuration.embedDim
        stem = Stem(scope["patch_embed"], channels: dims[0])
        let rates = DropPath.rates(
            upTo: configuration.dropPathRate, count: configuration.depth.reduce(0, +))
        var firstBlock = 0
        var stages: [Stage] = []
        for index in dims.indices {
            let end = firstBlock + configuration.depth[index]
            stages.append(
                Stage(scope, index: index, configuration, dropPaths: rates[firstBlock..<end]))
            firstBlock = end
        }
        self.stages = stages
        features = dims.enumerated().map {
            FeatureSpec(stride: 16 << $0.offset, channels: $0.element)
        }
        let isDense = configuration.numClasses == nil
        keepsStatistics = isDense && configuration.normEval
        let names = configuration.distillation ? ["head", "head_dist"] : ["head"]
        heads =
            configuration.numClasses.map { classes in
                names.map { Head(scope[$0], dims[dims.count - 1], classes: classes) }
            } ?? []
        if isDense, configuration.frozenStages >= 0 { scope["patch_embed"].freeze() }
    }

    /// Computes the maps of the three stages.
    ///
    /// The dense form takes BatchNorm's running statistics in training too, as the authors' does,
    /// unless `normEval` is off.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: Maps at strides 16, 32 and 64; each halving rounds up.
    public func callAsFunction(_ x: Tensor, _ context: Context) -> [Tensor] {
        keepsStatistics ? context.keepingStatistics { maps(x, context) } : maps(x, context)
    }

    private func maps(_ x: Tensor, _ context: Context) -> [Tensor] {
        var maps: [Tensor] = []
        for stage in stages { maps.append(stage(maps.last ?? stem(x, context), context)) }
        return maps
    }

    /// Computes the maps, and with a classifier the logits `[N, classes]`.
    ///
    /// With two heads evaluation gives the mean of both as `logits`, training the second one's as
    /// `logits_dist`.
    public func outputs(_ x: Tensor, _ context: Context) -> [NamedOutput] {
        let maps = self(x, context)
        let outputs = maps.enumerated().map { NamedOutput("stage\($0.offset + 1)", $0.element) }
        guard let pooled = maps.last?.meanOverPositions(), let head = heads.first else {
            return outputs
        }
        let logits = head(pooled, context)
        guard let second = heads.dropFirst().first?(pooled, context) else {
            return [NamedOutput("logits", logits)] + outputs
        }
        guard !context.isTraining else {
            return [NamedOutput("logits", logits), NamedOutput("logits_dist", second)] + outputs
        }
        return [NamedOutput("logits", (logits + second).multiplied(by: 0.5))] + outputs
    }

    /// The authors' names of a stage; the stem counts to the first.
    public func scopeNames(ofStage stage: Int) -> [String] {
        switch stage {
        case 1: ["patch_embed", "blocks1"]
        case 2, 3: ["blocks\(stage)"]
        default: []
        }
    }

    /// `blocks1` to `blocks3`; what leads from stage to stage counts as blocks too.
    public func blockScopeNames(ofStage stage: Int) -> [String] {
        (1...3).contains(stage) ? ["blocks\(stage)"] : []
    }
}

// MARK: - Stem

extension SHViT {
    /// Four 3x3 convolutions of stride 2 with BatchNorm, ReLU between them.
    struct Stem {
        private let convolutions: [ConvolutionNorm]

        init(_ scope: ParameterScope, channels c: Int) {
            let widths = [3, c / 8, c / 4, c / 2, c]
            convolutions = (0..<4).map { index in
                // Odd numbers are the authors' activations.
                ConvolutionNorm(
                    scope[2 * index], widths[index], widths[index + 1], kernel: 3, stride: 2)
            }
        }

        /// Embeds patches of 16 pixels.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, 3]`.
        ///   - context: Training or evaluation.
        /// - Returns: `[N, ceil(H / 16), ceil(W / 16), C]`.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            var y = x
            for (index, convolution) in convolutions.enumerated() {
                let isLast = index == convolutions.count - 1
                y = convolution(y, context, ending: isLast ? .plain : .rectified)
            }
            return y
        }
    }
}

// MARK: - Stage

extension SHViT {
    /// The transition from the stage before, if there is one, and the blocks.
    struct Stage {
        private let transition: Transition?
        private let blocks: [Block]

        init(
            _ root: ParameterScope, index: Int, _ configuration: SHViTConfiguration,
            dropPaths: ArraySlice<Float>
        ) {
            let scope = root["blocks\(index + 1)"]
            let channels = configuration.embedDim[index]
            transition =
                index == 0
                ? nil : Transition(scope, configuration.embedDim[index - 1], channels)
            // The authors number the parts of the transition and the blocks in one list.
            let first = index == 0 ? 0 : 3
            let attention: SingleHeadAttention.Sizes? =
                switch configuration.types[index] {
                case .convolution: nil
                case .attention:
                    .init(
                        values: configuration.partialDim[index], keys: configuration.qkDim[index])
                }
            blocks = dropPaths.enumerated().map { block in
                Block(
                    scope[first + block.offset], channels: channels, attention: attention,
                    dropPath: block.element)
            }
        }

        /// Computes the stage's map.
        ///
        /// - Parameters:
        ///   - x: The map of the stage before, or the stem's.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: `[N, h, w, C]`.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            var y = transition?(x, context) ?? x
            for block in blocks { y = block(y, context) }
            return y
        }
    }
}

// MARK: - Head

extension SHViT {
    /// BatchNorm over the batch, then a linear map to the classes.
    struct Head {
        private let norm: BatchNorm2d
        private let linear: Linear

        init(_ scope: ParameterScope, _ inputs: Int, classes: Int) {
            norm = BatchNorm2d(scope["bn"], inputs)
            linear = Linear(
                scope["l"], inputs, classes,
                initializer: .truncatedNormal(standardDeviation: 0.02, bound: 2))
        }

        /// Classifies.
        ///
        /// - Parameters:
        ///   - x: `[N, C]`.
        ///   - context: Training or evaluation.
        /// - Returns: Logits, `[N, classes]`.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            linear(norm(x, context))
        }
    }
}
