import JSONText
import Layers
import Tensors

/// The settings of a BiFormer, under the authors' constructor names, and the published variants.
///
/// The authors' own defaults cannot be built, since they lack `qk_dims`; these are BiFormer-T's.
public struct BiFormerConfiguration: BackboneConfiguration {
    /// How keys and values of a region become fewer before they are gathered.
    public enum Downsampling: String, Codable, Sendable {
        /// They stay as they are.
        case identity
        /// Means of `kv_per_wins` bins along each axis of a region.
        case adaptiveMean = "ada_avgpool"
        /// Maxima of `kv_per_wins` bins along each axis of a region.
        case adaptiveMaximum = "ada_maxpool"
        /// Means of squares of `kv_downsample_ratios` pixels.
        case mean = "avgpool"
        /// Maxima of squares of `kv_downsample_ratios` pixels.
        case maximum = "maxpool"
    }

    /// Channels of the four stages.
    public var embedDim = [64, 128, 256, 512]
    /// Blocks of each stage.
    public var depth = [2, 2, 8, 2]
    /// Hidden channels of each stage's MLP as a multiple of its channels.
    public var mlpRatios = [3.0, 3, 3, 3]
    /// Regions along each axis; 7 in the classifiers, 8 or 16 in the authors' dense networks.
    public var nWin = 7
    /// Regions that each region attends to; -1 for full attention, -2 for full attention with a
    /// convolution of its input, 0 for convolutions instead.
    public var topks = [1, 4, 16, -2]
    /// Channels of queries and keys of each stage; only stages with regions use it.
    public var qkDims = [64, 128, 256, 512]
    /// Channels of queries of a head, in stages with regions.
    public var headDim = 32
    /// Side of the depth-wise kernel beside each attention; 0 for none.
    public var sideDwconv = 5
    /// Side of the depth-wise kernel before each attention: 3, or 0 for none.
    public var beforeAttnDwconv = 3
    /// How keys and values become fewer.
    public var kvDownsampleMode = Downsampling.identity
    /// Bins along each axis of a region, one number a stage.
    public var kvPerWins = [-1, -1, -1, -1]
    /// Sides of the squares that are pooled, one number a stage.
    public var kvDownsampleRatios = [1, 1, 1, 1]
    /// Initial layer scale of both branches of a block; without layer scale when not positive.
    public var layerScaleInitValue = -1.0
    /// Whether a linear map lies between region means and logits; needs `diff_routing`.
    public var paramRouting = false
    /// Whether gradients go through the routing weights; needs `soft_routing`.
    public var diffRouting = false
    /// Whether gathered keys and values are multiplied by routing weights.
    public var softRouting = false
    /// Whether LayerNorm comes before each branch, not behind each sum.
    public var preNorm = true
    /// Must be null: the authors removed the other positional embeddings.
    public var pe: String?
    /// Whether the MLPs have a depth-wise convolution.
    public var mlpDwconv = false
    /// The authors' switch for maps that `n_win` does not divide; here they are always filled up,
    /// where without it the authors' code stops.
    public var autoPad = false
    /// Whether the dense form keeps the BatchNorms' running statistics in training.
    public var normEval = true
    /// Stochastic depth of the last block, 0 inclusive to 1 exclusive; the first has 0.
    public var dropPathRate = 0.0
    /// Number of classes of the authors' classifier; nil for their dense form.
    public var numClasses: Int?

    /// The settings of BiFormer-T.
    public init() {}

    private init(_ embedDim: [Int], depth: [Int]) {
        self.embedDim = embedDim
        self.depth = depth
        qkDims = embedDim
    }

    /// BiFormer-T, 13.1 million parameters as a classifier.
    public static let tiny = BiFormerConfiguration()
    /// BiFormer-S, 25.5 million parameters as a classifier.
    public static let small = BiFormerConfiguration([64, 128, 256, 512], depth: [4, 4, 18, 4])
    /// BiFormer-B, 56.8 million parameters as a classifier.
    public static let base = BiFormerConfiguration([96, 192, 384, 768], depth: [4, 4, 18, 4])

    /// Authors, title and number at arXiv.
    public static let paper =
        "Zhu et al., \"BiFormer: Vision Transformer with Bi-Level Routing Attention\", "
        + "arXiv 2303.08810"

    /// The classifier's norm and last layer, and the norms of the dense form's outputs.
    public static let namesOfOneForm = ["norm.", "head.", "extra_norms."]

    /// Builds the network.
    ///
    /// - Parameter scope: Holds its parameters.
    /// - Returns: The network.
    public func build(_ scope: ParameterScope) -> any Backbone { BiFormer(scope, self) }
}

// MARK: - Blocks

extension BiFormerConfiguration {
    /// The settings of the blocks of a stage, counted from 0.
    func blockSettings(stage: Int) -> BiFormer.BlockSettings {
        var settings = BiFormer.BlockSettings(
            channels: embedDim[stage], attention: attention(stage: stage),
            mlpRatio: mlpRatios[stage])
        settings.positionKernel = beforeAttnDwconv
        settings.layerScale = layerScaleInitValue > 0 ? Float(layerScaleInitValue) : nil
        settings.isMLPLocal = mlpDwconv
        settings.isNormFirst = preNorm
        return settings
    }

    private func attention(stage: Int) -> BiFormer.AttentionKind {
        switch topks[stage] {
        case 0: return .convolutions
        case -1: return .full
        case -2: return .fullWithPosition(kernel: sideDwconv)
        default:
            var settings = RoutingSettings(
                channels: embedDim[stage], keyWidth: qkDims[stage], heads: heads(stage: stage),
                windows: nWin, topK: topks[stage])
            settings.sideKernel = sideDwconv
            settings.downsampling = downsampling(stage: stage)
            settings.weighting =
                diffRouting
                ? .differentiable(projected: paramRouting) : softRouting ? .soft : .none
            return .routing(settings)
        }
    }

    /// Heads of a stage with regions.
    fileprivate func heads(stage: Int) -> Int { qkDims[stage] / headDim }

    private func downsampling(stage: Int) -> KeyValueDownsampling {
        let (bins, pixels) = (kvPerWins[stage], kvDownsampleRatios[stage])
        switch kvDownsampleMode {
        case .identity: return .identity
        case .adaptiveMean: return .adaptive(.mean, bins)
        case .adaptiveMaximum: return .adaptive(.maximum, bins)
        case .mean: return pixels == 1 ? .identity : .fixed(.mean, pixels)
        case .maximum: return pixels == 1 ? .identity : .fixed(.maximum, pixels)
        }
    }
}

// MARK: - Validation

extension BiFormerConfiguration {
    /// Refuses values that no network can be built from.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    public func validate() throws {
        let check = StageChecks(family: "BiFormer")
        try check.four(embedDim.map(Double.init), "embed_dim", 1...65536)
        try check.four(depth.map(Double.init), "depth", 0...1000)
        try check.four(mlpRatios, "mlp_ratios", 0...64)
        try check.four(topks.map(Double.init), "topks", -2...65536)
        try check.four(qkDims.map(Double.init), "qk_dims", 1...65536)
        try check.hidden(embedDim, mlpRatios)
        try checkDepthRateAndClasses()
        try check.sideKernel(sideDwconv)
        try check.range(nWin, "n_win", 1...64)
        try check.range(headDim, "head_dim", 1...65536)
        guard embedDim[0] % 2 == 0 else {
            throw ConfigurationError(
                what: "the stem's first convolution has half of \(embedDim[0]) channels",
                key: "embed_dim", fix: "use an even first number")
        }
        guard beforeAttnDwconv == 0 || beforeAttnDwconv == 3 else {
            throw ConfigurationError(
                what: "its padding is always 1, so a kernel of \(beforeAttnDwconv) changes the map",
                key: "before_attn_dwconv", fix: "use 3, or 0 for none")
        }
        guard pe == nil else {
            throw ConfigurationError(
                what: "no positional embedding is left in the authors' code", key: "pe",
                fix: "use null")
        }
        try validateRouting()
        for stage in topks.indices { try validateAttention(stage: stage, check) }
    }

    private func validateRouting() throws {
        guard !diffRouting || softRouting else {
            throw ConfigurationError(
                what: "differentiable routing exists only with routing weights",
                key: "diff_routing", fix: "set soft_routing to true too")
        }
        guard !paramRouting || diffRouting else {
            throw ConfigurationError(
                what: "the routing's linear map would never be trained", key: "param_routing",
                fix: "set diff_routing and soft_routing to true too")
        }
    }

    private func validateAttention(stage: Int, _ check: StageChecks) throws {
        let (c, topK) = (embedDim[stage], topks[stage])
        guard topK > 0 else {
            try check.fullAttention(channels: c, topK: topK)
            return
        }
        try check.topK(topK, windows: nWin)
        try check.list(kvPerWins, kvDownsampleRatios)
        let heads = heads(stage: stage)
        guard heads > 0, qkDims[stage] % heads == 0, c % heads == 0 else {
            throw ConfigurationError(
                what: "\(qkDims[stage]) / \(headDim) = \(heads) heads do not divide"
                    + " \(qkDims[stage]) channels of keys and \(c) of values", key: "qk_dims",
                fix: "use multiples of head_dim")
        }
        switch kvDownsampleMode {
        case .identity: break
        case .adaptiveMean, .adaptiveMaximum:
            try check.range(kvPerWins[stage], "kv_per_wins", 1...256)
        case .mean, .maximum:
            try check.range(kvDownsampleRatios[stage], "kv_downsample_ratios", 1...256)
        }
    }
}
