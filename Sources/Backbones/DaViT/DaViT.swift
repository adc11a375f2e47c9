// Ding, Xiao, Codella, Luo, Wang and Yuan, "DaViT: Dual Attention Vision Transformers", ECCV 2022,
// arXiv 2204.03645.
//
// Sections 3.1 to 3.4. Key names are those of the authors' classifier (timm/models/davit.py) and
// of their dense form (mmdet/models/backbones/davit.py). Where paper and code differ the code is
// followed: a position-wise convolution stands before attention and before the MLP of each block,
// the stem is normalised after its convolution and the later embeddings before theirs, and the
// classifier pools before it normalises. The dense form normalises each output, but its next
// stage goes on from the tokens before that norm.

import Layers
import Tensors

/// Dual Attention Vision Transformer: attention in windows, then attention among channels.
///
/// Strides 4, 8, 16 and 32; any image of at least 1x1 pixel.
public struct DaViT: Backbone {
    /// The maps of the four stages.
    public let features: [FeatureSpec]
    private let stages: [Stage]
    private let classifier: Classifier?

    /// Declares the network.
    ///
    /// - Parameters:
    ///   - scope: Holds the parameters under the authors' names.
    ///   - configuration: Settings that were validated.
    public init(_ scope: ParameterScope, _ configuration: DaViTConfiguration) {
        let dims = configuration.embedDims
        let types = configuration.attentionTypes.count
        let rates = DropPath.rates(
            upTo: configuration.dropPathRate, count: types * configuration.depths.reduce(0, +))
        let stem = Stem(scope["patch_embeds"][0], channels: dims[0])
        let merges = dims.indices.dropFirst().map { index in
            Merge(
                scope["patch_embeds"][index], inputs: dims[index - 1], outputs: dims[index],
                kernel: configuration.overlappedPatch ? 3 : 2)
        }
        var first = 0
        stages = dims.indices.map { index in
            let count = types * configuration.depths[index]
            defer { first += count }
            return Stage(
                scope, index: index, configuration,
                embedding: index == 0 ? .stem(stem) : .merge(merges[index - 1]),
                dropPaths: Array(rates[first..<first + count]))
        }
        features = dims.enumerated().map {
            FeatureSpec(stride: 4 << $0.offset, channels: $0.element)
        }
        classifier = configuration.numClasses.map {
            Classifier(scope, channels: dims[dims.count - 1], classes: $0)
        }
    }

    /// Computes the maps of the four stages; those of the dense form are normalised.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: Maps at strides 4, 8, 16 and 32; each size is the one before divided by the
    ///   stage's stride, rounded up.
    public func callAsFunction(_ x: Tensor, _ context: Context) -> [Tensor] {
        var maps: [Tensor] = []
        var tokens = x
        for stage in stages {
            tokens = stage(tokens, context)
            maps.append(stage.output(tokens))
        }
        return maps
    }

    /// Computes the maps, and with a classifier the logits `[N, classes]`.
    public func outputs(_ x: Tensor, _ context: Context) -> [NamedOutput] {
        let maps = self(x, context)
        var outputs = maps.enumerated().map { NamedOutput("stage\($0.offset + 1)", $0.element) }
        if let classifier, let last = maps.last {
            outputs.insert(NamedOutput("logits", classifier(last)), at: 0)
        }
        return outputs
    }

    /// The authors' names of a stage: embedding, blocks, and the norm of the dense form.
    public func scopeNames(ofStage stage: Int) -> [String] {
        (1...stages.count).contains(stage)
            ? ["patch_embeds", "main_blocks"].map { "\($0).\(stage - 1)" } + ["norm\(stage - 1)"]
            : []
    }

    /// `main_blocks.0` to `main_blocks.3`, whose blocks are pairs.
    public func blockScopeNames(ofStage stage: Int) -> [String] {
        (1...stages.count).contains(stage) ? ["main_blocks.\(stage - 1)"] : []
    }
}

// MARK: - Embeddings

extension DaViT {
    /// Patches of the image to tokens: a 7x7 convolution of stride 4, then LayerNorm.
    ///
    /// The authors pad the image to multiples of 4 at the right and at the bottom, where the
    /// convolution sees zeros in any case.
    struct Stem {
        private let convolution: Conv2d
        private let norm: LayerNorm

        init(_ scope: ParameterScope, channels: Int) {
            convolution = Conv2d(scope["proj"], 3, channels, kernel: 7, stride: 4, padding: 3)
            norm = LayerNorm(scope["norm"], channels)
        }

        /// Embeds images.
        ///
        /// - Parameter x: `[N, H, W, 3]`.
        /// - Returns: `[N, ceil(H / 4), ceil(W / 4), C]`.
        func callAsFunction(_ x: Tensor) -> Tensor { norm(convolution(x)) }
    }

    /// Merges 2x2 tokens: LayerNorm of the incoming width, then a convolution of stride 2.
    ///
    /// The map is padded with zeros to even extents, after the norm.
    struct Merge {
        private let norm: LayerNorm
        private let convolution: Conv2d
        private let overlaps: Bool

        init(_ scope: ParameterScope, inputs: Int, outputs: Int, kernel: Int) {
            overlaps = kernel == 3
            convolution = Conv2d(
                scope["proj"], inputs, outputs, kernel: kernel, stride: 2,
                padding: overlaps ? 1 : 0)
            norm = LayerNorm(scope["norm"], inputs)
        }

        /// Halves a map.
        ///
        /// - Parameter x: `[N, H, W, C of the stage before]`.
        /// - Returns: `[N, ceil(H / 2), ceil(W / 2), C]`.
        func callAsFunction(_ x: Tensor) -> Tensor {
            let normal = norm(x)
            // Overlapping patches see zeros there in any case.
            if overlaps { return convolution(normal) }
            return convolution(normal.padded(bottom: x.shape[1] % 2, right: x.shape[2] % 2))
        }
    }

    /// What begins a stage.
    enum Embedding {
        /// The image's patches.
        case stem(Stem)
        /// Tokens of the stage before.
        case merge(Merge)

        func callAsFunction(_ x: Tensor) -> Tensor {
            switch self {
            case .stem(let stem): stem(x)
            case .merge(let merge): merge(x)
            }
        }
    }
}

// MARK: - Stage

extension DaViT {
    /// An embedding and the layers, each a block of every attention type.
    struct Stage {
        private let embedding: Embedding
        private let blocks: [Block]
        private let norm: LayerNorm?

        init(
            _ root: ParameterScope, index: Int, _ configuration: DaViTConfiguration,
            embedding: Embedding, dropPaths: [Float]
        ) {
            let channels = configuration.embedDims[index]
            let types = configuration.attentionTypes
            let scope = root["main_blocks"][index]
            self.embedding = embedding
            blocks = dropPaths.enumerated().map { number, rate in
                let (layer, place) = (number / types.count, number % types.count)
                return Block(
                    scope[layer][place], types[place], channels: channels,
                    heads: configuration.numHeads[index], configuration, dropPath: rate)
            }
            norm =
                configuration.numClasses == nil ? LayerNorm(root["norm\(index)"], channels) : nil
        }

        /// Computes the tokens from which the next stage goes on.
        ///
        /// - Parameters:
        ///   - x: The image, or the tokens of the stage before.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: `[N, h, w, C]`.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            blocks.reduce(embedding(x)) { $1($0, context) }
        }

        /// The map that the stage gives: in the dense form its tokens, normalised.
        func output(_ tokens: Tensor) -> Tensor { norm.map { $0(tokens) } ?? tokens }
    }
}

// MARK: - Classifier

extension DaViT {
    /// Mean over the positions, LayerNorm, linear map; in this order.
    struct Classifier {
        private let norm: LayerNorm
        private let head: Linear

        init(_ scope: ParameterScope, channels: Int, classes: Int) {
            norm = LayerNorm(scope["norms"], channels)
            head = Linear(scope["head"], channels, classes, initializer: .linear)
        }

        /// Computes the logits.
        ///
        /// - Parameter x: `[N, h, w, C]`.
        /// - Returns: `[N, classes]`.
        func callAsFunction(_ x: Tensor) -> Tensor { head(norm(x.meanOverPositions())) }
    }
}

extension Initializer {
    /// The authors' rule for weights of linear maps; biases begin at 0.
    static var linear: Initializer { .truncatedNormal(standardDeviation: 0.02, bound: 2) }
}
