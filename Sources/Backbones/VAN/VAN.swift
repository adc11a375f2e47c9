// Guo, Lu, Liu, Cheng and Hu, "Visual Attention Network", arXiv 2202.09741 (2022).
//
// Sections 3.1 and 3.2, tables 1 and 2. Key names are those of the authors' VAN-Classification
// (models/van.py) and VAN-Segmentation. Where paper and code differ the code is followed: the next
// stage takes the normalised map, and the LayerNorms' epsilon is 1e-6 in the classifier but 1e-5
// in the dense form, to which the authors' segmentation weights belong.

import Layers
import Tensors

/// Visual Attention Network: four stages of convolutions gated by a large kernel.
///
/// Strides 4, 8, 16 and 32; any image of at least 1x1 pixel.
public struct VAN: Backbone {
    /// The four normalised maps.
    public let features: [FeatureSpec]
    private let stages: [Stage]
    private let head: Linear?

    /// Declares the network.
    ///
    /// - Parameters:
    ///   - scope: Holds the parameters under the authors' names.
    ///   - configuration: Settings that were validated.
    public init(_ scope: ParameterScope, _ configuration: VANConfiguration) {
        let dims = configuration.embedDims
        let rates = DropPath.rates(
            upTo: configuration.dropPathRate, count: configuration.depths.reduce(0, +))
        var firstBlock = 0
        var stages: [Stage] = []
        for index in dims.indices {
            let depth = configuration.depths[index]
            stages.append(
                Stage(
                    scope, index: index, configuration,
                    dropPaths: Array(rates[firstBlock..<firstBlock + depth])))
            firstBlock += depth
        }
        self.stages = stages
        features = dims.enumerated().map {
            FeatureSpec(stride: 4 << $0.offset, channels: $0.element)
        }
        head = configuration.numClasses.map { classes in
            Linear(
                scope["head"], dims[dims.count - 1], classes,
                initializer: .truncatedNormal(standardDeviation: 0.02, bound: 2))
        }
    }

    /// Computes the four normalised maps.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: Maps at strides 4, 8, 16 and 32; each size is the one before divided by the
    ///   stage's stride, rounded up.
    public func callAsFunction(_ x: Tensor, _ context: Context) -> [Tensor] {
        var maps: [Tensor] = []
        for stage in stages { maps.append(stage(maps.last ?? x, context)) }
        return maps
    }

    /// Computes the maps, and with a classifier the logits `[N, classes]`.
    public func outputs(_ x: Tensor, _ context: Context) -> [NamedOutput] {
        let maps = self(x, context)
        var outputs = maps.enumerated().map { NamedOutput("stage\($0.offset + 1)", $0.element) }
        if let head, let last = maps.last {
            outputs.insert(NamedOutput("logits", head(last.meanOverPositions())), at: 0)
        }
        return outputs
    }

    /// The authors' names of a stage: embedding, blocks and norm.
    public func scopeNames(ofStage stage: Int) -> [String] {
        (1...stages.count).contains(stage)
            ? ["patch_embed\(stage)", "block\(stage)", "norm\(stage)"] : []
    }

    /// `block1` to `block4`.
    public func blockScopeNames(ofStage stage: Int) -> [String] {
        (1...stages.count).contains(stage) ? ["block\(stage)"] : []
    }
}

// MARK: - Stage

extension VAN {
    /// A strided convolution with BatchNorm, the blocks, and LayerNorm at each position.
    struct Stage {
        private let embedding: Conv2d
        private let embeddingNorm: BatchNorm2d
        private let blocks: [Block]
        private let norm: LayerNorm

        init(
            _ root: ParameterScope, index: Int, _ configuration: VANConfiguration,
            dropPaths: [Float]
        ) {
            let channels = configuration.embedDims[index]
            let inputs = index == 0 ? 3 : configuration.embedDims[index - 1]
            let kernel = index == 0 ? 7 : 3
            let number = index + 1
            let embed = root["patch_embed\(number)"]
            embedding = Conv2d(
                embed["proj"], inputs, channels, kernel: kernel, stride: index == 0 ? 4 : 2,
                padding: kernel / 2, initializer: .heNormal(fanOut: kernel * kernel * channels))
            embeddingNorm = BatchNorm2d(embed["norm"], channels)
            let hidden = Int(Double(channels) * configuration.mlpRatios[index])
            blocks = dropPaths.enumerated().map { block in
                Block(
                    root["block\(number)"][block.offset], channels: channels, hidden: hidden,
                    linear: configuration.linear, dropPath: block.element)
            }
            norm = LayerNorm(
                root["norm\(number)"], channels,
                epsilon: configuration.numClasses == nil ? 1e-5 : 1e-6)
        }

        /// Computes the normalised map, from which the next stage goes on.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C of the stage before]`.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: `[N, h, w, C]`.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            var y = embeddingNorm(embedding(x), context)
            for block in blocks { y = block(y, context) }
            return norm(y)
        }
    }
}
