// Zhu et al., "BiFormer" (see BiFormer.swift), section 4.3: the ablation in the layout of Swin-T.
//
// Key names are those of the authors' models/biformer_stl.py and biformer_stl_nchw.py.

import Layers
import Tensors

/// Bi-level routing attention in the layout of Swin-T: patches of 4, blocks without convolutions
/// before the attention, MLPs four times as wide.
///
/// Strides 4, 8, 16 and 32; sizes are rounded down, as the authors' unpadded convolutions do, so an
/// image needs at least 32 pixels on each side.
public struct BiFormerSTL: Backbone {
    /// The four maps.
    public let features: [FeatureSpec]
    private let embedding: Conv2d
    private let embeddingNorm: BatchNorm2d
    private let merges: [Merge]
    private let stages: [[Block]]
    private let norm: BatchNorm2d?
    private let head: Linear?

    /// Declares the network.
    ///
    /// - Parameters:
    ///   - scope: Holds the parameters under the authors' names.
    ///   - configuration: Settings that were validated.
    public init(_ scope: ParameterScope, _ configuration: BiFormerSTLConfiguration) {
        let dims = configuration.embedDim
        let down = scope["downsample_layers"]
        embedding = Conv2d(down[0][0], 3, dims[0], kernel: 4, stride: 4)
        embeddingNorm = BatchNorm2d(down[0][1], dims[0])
        merges = (1..<dims.count).map { Merge(down[$0], dims[$0 - 1], dims[$0]) }
        let rates = DropPath.rates(
            upTo: configuration.dropPathRate, count: configuration.depth.reduce(0, +))
        var firstBlock = 0
        var stages: [[Block]] = []
        for (stage, depth) in configuration.depth.enumerated() {
            let blocks = scope["stages"][stage]["blocks"]
            stages.append(
                (0..<depth).map {
                    Block(
                        blocks[$0], configuration, stage: stage,
                        dropPath: rates[firstBlock + $0])
                })
            firstBlock += depth
        }
        self.stages = stages
        features = dims.enumerated().map {
            FeatureSpec(stride: 4 << $0.offset, channels: $0.element)
        }
        let channels = dims[dims.count - 1]
        norm = configuration.numClasses.map { _ in BatchNorm2d(scope["norm"], channels) }
        head = configuration.numClasses.map {
            Linear(scope["head"], channels, $0, initializer: BiFormer.linearInitializer)
        }
    }

    /// Computes the four maps.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: Maps at strides 4, 8, 16 and 32, their sizes rounded down.
    public func callAsFunction(_ x: Tensor, _ context: Context) -> [Tensor] {
        maps(x, context, nil)
    }

    /// Computes the maps, with a classifier the logits `[N, classes]`, and in evaluation the
    /// routes as `route.PATH`.
    public func outputs(_ x: Tensor, _ context: Context) -> [NamedOutput] {
        let record = context.isTraining ? nil : RouteRecord()
        let maps = maps(x, context, record)
        var outputs = maps.enumerated().map { NamedOutput("stage\($0.offset + 1)", $0.element) }
        if let norm, let head, let last = maps.last {
            let logits = head(norm(last, context).meanOverPositions())
            outputs.insert(NamedOutput("logits", logits), at: 0)
        }
        return outputs + (record?.routes ?? [])
    }

    /// The authors' names of a stage: downsampling and blocks.
    public func scopeNames(ofStage stage: Int) -> [String] {
        (1...stages.count).contains(stage)
            ? ["downsample_layers.\(stage - 1)", "stages.\(stage - 1)"] : []
    }

    /// `stages.0` to `stages.3`.
    public func blockScopeNames(ofStage stage: Int) -> [String] {
        (1...stages.count).contains(stage) ? ["stages.\(stage - 1)"] : []
    }

    private func maps(_ x: Tensor, _ context: Context, _ record: RouteRecord?) -> [Tensor] {
        var maps: [Tensor] = []
        for (index, blocks) in stages.enumerated() {
            var y =
                maps.last.map { merges[index - 1]($0, context) }
                ?? embeddingNorm(embedding(x), context)
            for block in blocks { y = block(y, context, record) }
            maps.append(y)
        }
        return maps
    }
}

// MARK: - Merge

extension BiFormerSTL {
    /// BatchNorm and a 2x2 convolution of stride 2, between stages.
    struct Merge {
        private let norm: BatchNorm2d
        private let convolution: Conv2d

        init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int) {
            norm = BatchNorm2d(scope[0], inputs)
            convolution = Conv2d(scope[1], inputs, outputs, kernel: 2, stride: 2)
        }

        /// Halves the map.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, I]`.
        ///   - context: Training or evaluation.
        /// - Returns: `[N, H / 2, W / 2, O]`, both sides rounded down.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            convolution(norm(x, context))
        }
    }
}

// MARK: - Block

extension BiFormerSTL {
    /// Attention and MLP, each behind LayerNorm, with stochastic depth.
    struct Block {
        private enum Attention {
            case routing(BiLevelRoutingAttention)
            case refactored(RefactoredRoutingAttention)
            case full(FullAttention)
        }

        private let attentionNorm: LayerNorm
        private let attention: Attention
        private let mlpNorm: LayerNorm
        private let expand: PointwiseMap
        private let contract: PointwiseMap
        private let dropPath: DropPath

        init(
            _ scope: ParameterScope, _ configuration: BiFormerSTLConfiguration, stage: Int,
            dropPath: Float
        ) {
            let c = configuration.embedDim[stage]
            let form: PointwiseMap.Form = configuration.form == .nhwc ? .linear : .convolution
            attentionNorm = LayerNorm(scope["norm1"], c, epsilon: 1e-6)
            attention = Self.attention(scope["attn"], configuration, stage: stage, form)
            mlpNorm = LayerNorm(scope["norm2"], c, epsilon: 1e-6)
            let hidden = Int(configuration.mlpRatios[stage] * Double(c))
            expand = PointwiseMap(scope["mlp"][0], c, hidden, form)
            contract = PointwiseMap(scope["mlp"][2], hidden, c, form)
            self.dropPath = DropPath(rate: dropPath)
        }

        private static func attention(
            _ scope: ParameterScope, _ configuration: BiFormerSTLConfiguration, stage: Int,
            _ form: PointwiseMap.Form
        ) -> Attention {
            let (c, topK) = (configuration.embedDim[stage], configuration.topks[stage])
            let kernel = configuration.sideDwconv
            guard topK > 0 else {
                return .full(
                    FullAttention(
                        scope, channels: c,
                        position: form == .linear
                            ? .ofInput(kernel: kernel) : .ofValues(kernel: kernel), form: form))
            }
            var settings = RoutingSettings(
                channels: c, keyWidth: c, heads: c / configuration.headDim,
                windows: configuration.nWins[stage], topK: topK)
            settings.sideKernel = kernel
            return form == .linear
                ? .routing(BiLevelRoutingAttention(scope, settings))
                : .refactored(RefactoredRoutingAttention(scope, settings))
        }

        /// Applies both branches.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, C]`.
        ///   - context: Training or evaluation, and the random state.
        ///   - record: Takes the routes, if given.
        /// - Returns: The same shape.
        func callAsFunction(_ x: Tensor, _ context: Context, _ record: RouteRecord?) -> Tensor {
            let attended = x + dropPath(attend(attentionNorm(x), record), context)
            let mixed = contract(expand(mlpNorm(attended)).gelu())
            return attended + dropPath(mixed, context)
        }

        private func attend(_ x: Tensor, _ record: RouteRecord?) -> Tensor {
            switch attention {
            case .routing(let attention): attention(x, record)
            case .refactored(let attention): attention(x, record)
            case .full(let attention): attention(x)
            }
        }
    }
}
