import JSONText
import Layers

/// The settings of a DaViT, under the authors' constructor names, and the published variants.
public struct DaViTConfiguration: BackboneConfiguration {
    /// What a block's attention goes over.
    public enum AttentionType: String, Codable, Sendable, CaseIterable {
        /// Positions of a window.
        case spatial
        /// Channels of a head.
        case channel
    }

    /// Channels of the four stages.
    public var embedDims = [96, 192, 384, 768]
    /// Heads of each stage; they divide its channels.
    public var numHeads = [3, 6, 12, 24]
    /// Layers of each stage; a layer is one block of every attention type.
    public var depths = [1, 1, 3, 1]
    /// Side of the square windows, in tokens.
    public var windowSize = 7
    /// Hidden channels of the MLPs as a multiple of their channels.
    public var mlpRatio = 4.0
    /// The blocks of a layer, in order.
    public var attentionTypes = [AttentionType.spatial, .channel]
    /// Whether blocks have an MLP.
    public var ffn = true
    /// Whether queries, keys and values have a bias.
    public var qkvBias = true
    /// Whether tokens are merged by overlapping 3x3 convolutions instead of 2x2 ones.
    public var overlappedPatch = false
    /// Whether a GELU follows the convolution of position encodings.
    public var cpeAct = false
    /// Stochastic depth of the last block, 0 inclusive to 1 exclusive; the first has 0.
    public var dropPathRate = 0.1
    /// Number of classes of the authors' classifier; nil for their dense form.
    public var numClasses: Int?

    /// The settings of DaViT-Tiny.
    public init() {}

    private init(_ embedDims: [Int], depths: [Int], windowSize: Int = 7) {
        self.embedDims = embedDims
        numHeads = embedDims.map { $0 / 32 }
        self.depths = depths
        self.windowSize = windowSize
    }

    /// DaViT-Tiny, 28.4 million parameters as a classifier.
    public static let tiny = DaViTConfiguration([96, 192, 384, 768], depths: [1, 1, 3, 1])
    /// DaViT-Small, 49.7 million parameters as a classifier.
    public static let small = DaViTConfiguration([96, 192, 384, 768], depths: [1, 1, 9, 1])
    /// DaViT-Base, 88.0 million parameters as a classifier.
    public static let base = DaViTConfiguration([128, 256, 512, 1024], depths: [1, 1, 9, 1])
    /// DaViT-Large for images of 384x384 pixels, with windows of 12, as the authors have it.
    public static let largeWindow12 = DaViTConfiguration(
        [192, 384, 768, 1536], depths: [1, 1, 9, 1], windowSize: 12)
    /// DaViT-Large, 196.8 million parameters as a classifier, as timm has it.
    public static let large = DaViTConfiguration([192, 384, 768, 1536], depths: [1, 1, 9, 1])
    /// DaViT-Huge, 348.9 million parameters as a classifier, as timm has it.
    public static let huge = DaViTConfiguration([256, 512, 1024, 2048], depths: [1, 1, 9, 1])
    /// DaViT-Giant, 1.41 billion parameters as a classifier, as timm has it.
    public static let giant = DaViTConfiguration([384, 768, 1536, 3072], depths: [1, 1, 12, 3])

    /// Channels inside of an MLP.
    func hidden(channels: Int) -> Int { Int(Double(channels) * mlpRatio) }

    /// Names of files of timm, where the same network has the same shapes.
    public static let keyRenamings = [
        KeyRenaming(
            from: "timm", marker: "stem.conv.weight",
            [
                KeyRule("stem.conv", "patch_embeds.0.proj"),
                KeyRule("stem.norm", "patch_embeds.0.norm"),
                KeyRule("stages.{s}.downsample.conv", "patch_embeds.{s}.proj"),
                KeyRule("stages.{s}.downsample.norm", "patch_embeds.{s}.norm"),
                KeyRule("stages.{s}.blocks.{l}.{a}.cpe1", "main_blocks.{s}.{l}.{a}.cpe.0"),
                KeyRule("stages.{s}.blocks.{l}.{a}.cpe2", "main_blocks.{s}.{l}.{a}.cpe.1"),
                KeyRule("stages.{s}.blocks", "main_blocks.{s}"),
                KeyRule("head.norm", "norms"),
                KeyRule("head.fc", "head"),
            ])
    ]

    /// The classifier's norm and last layer, and the norms of the dense form's outputs.
    public static let namesOfOneForm =
        ["head.", "norms."] + (0..<4).map { "norm\($0)." }

    /// Authors, title and number at arXiv.
    public static let paper =
        "Ding et al., \"DaViT: Dual Attention Vision Transformers\", "
        + "arXiv 2204.03645"

    /// Builds the network.
    ///
    /// - Parameter scope: Holds its parameters.
    /// - Returns: The network.
    public func build(_ scope: ParameterScope) -> any Backbone { DaViT(scope, self) }
}

// MARK: - Validation

extension DaViTConfiguration {
    /// Refuses values that no network can be built from.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    public func validate() throws {
        try checkFour(embedDims, "embed_dims", least: 1, most: 65536)
        try checkFour(numHeads, "num_heads", least: 1, most: 65536)
        try checkFour(depths, "depths", least: 0, most: 1000)
        for (dims, heads) in zip(embedDims, numHeads) where dims % heads != 0 {
            throw ConfigurationError(
                what: "\(heads) heads cannot share \(dims) channels", key: "num_heads",
                fix: "give numbers that divide \"embed_dims\"; published networks have one head"
                    + " for 32 channels")
        }
        try check(
            (1...128).contains(windowSize), "windows of \(windowSize) tokens are impossible",
            "window_size", "use a side from 1 to 128; published networks have 7 or 12")
        let least = embedDims.min() ?? 1
        try check(
            !ffn || (mlpRatio >= 1 / Double(least) && mlpRatio <= 64),
            "\(least) channels times \(mlpRatio) make no MLP", "mlp_ratio",
            "use a ratio from \(1 / Double(least)) to 64, or \"ffn\": false for no MLP")
        try check(
            (1...8).contains(attentionTypes.count),
            "\(attentionTypes.count) attention types make no layer", "attention_types",
            "list one to eight of \"spatial\" and \"channel\"")
        try checkDepthRateAndClasses()
    }

    private func check(_ holds: Bool, _ what: String, _ key: String, _ fix: String) throws {
        guard holds else { throw ConfigurationError(what: what, key: key, fix: fix) }
    }

    private func checkFour(_ values: [Int], _ key: String, least: Int, most: Int) throws {
        try check(
            values.count == 4 && values.allSatisfy { $0 >= least && $0 <= most },
            "DaViT has four stages; this is no list of four possible numbers", key,
            "give four numbers from \(least) to \(most)")
    }
}
