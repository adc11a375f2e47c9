import JSONText
import Layers
import Tensors

/// The settings of an SHViT, under the authors' constructor names, and the published variants.
public struct SHViTConfiguration: BackboneConfiguration {
    /// What the blocks of a stage are made of.
    public enum BlockType: String, Codable, Sendable, CaseIterable {
        /// Convolution and feed-forward network.
        case convolution = "i"
        /// Single-head attention between them.
        case attention = "s"
    }

    /// Channels of the three stages.
    public var embedDim = [128, 256, 384]
    /// Channels of each stage that take part in attention; unused in a stage without it.
    public var partialDim = [32, 64, 96]
    /// Channels of queries and of keys in each stage.
    public var qkDim = [16, 16, 16]
    /// Blocks of each stage, those between stages not counted.
    public var depth = [1, 2, 3]
    /// What the blocks of each stage are made of.
    public var types: [BlockType] = [.attention, .attention, .attention]
    /// Whether the classifier has a second head, for distillation.
    public var distillation = false
    /// 0 or more leaves the stem of the dense form as it is, -1 trains it.
    public var frozenStages = 0
    /// Whether the dense form takes BatchNorm's running statistics in training, as the authors' does;
    /// training from random weights needs those of batches.
    public var normEval = true
    /// Stochastic depth of the last block, 0 inclusive to 1 exclusive; the first has 0.
    ///
    /// The authors train without.
    public var dropPathRate = 0.0
    /// Number of classes of the authors' classifier; nil for their dense form.
    public var numClasses: Int?

    /// The authors' constructor defaults, which are no published variant.
    public init() {}

    private init(_ embedDim: [Int], partialDim: [Int], depth: [Int]) {
        self.embedDim = embedDim
        self.partialDim = partialDim
        self.depth = depth
        types = [.convolution, .attention, .attention]
    }

    /// SHViT-S1, 6.3 million parameters as a classifier.
    public static let s1 = SHViTConfiguration(
        [128, 224, 320], partialDim: [32, 48, 68], depth: [2, 4, 5])
    /// SHViT-S2, 11.5 million parameters as a classifier.
    public static let s2 = SHViTConfiguration(
        [128, 308, 448], partialDim: [32, 66, 96], depth: [2, 4, 5])
    /// SHViT-S3, 14.2 million parameters as a classifier.
    public static let s3 = SHViTConfiguration(
        [192, 352, 448], partialDim: [48, 75, 96], depth: [3, 5, 5])
    /// SHViT-S4, 16.6 million parameters as a classifier, made for images of 256 pixels.
    public static let s4 = SHViTConfiguration(
        [224, 336, 448], partialDim: [48, 72, 96], depth: [4, 7, 6])

    /// Refuses values that no network can be built from.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    public func validate() throws {
        // The stem begins with an eighth of the first stage's channels.
        try checkThree(embedDim, "embed_dim", from: 8, to: 65536)
        try checkThree(partialDim, "partial_dim", from: 1, to: 65536)
        try checkThree(qkDim, "qk_dim", from: 1, to: 4096)
        try checkThree(depth, "depth", from: 0, to: 1000)
        try checkThree(types.map { _ in 1 }, "types", from: 1, to: 1)
        for stage in 0..<3 where types[stage] == .attention && partialDim[stage] > embedDim[stage] {
            throw ConfigurationError(
                what: "\(partialDim[stage]) of \(embedDim[stage]) channels cannot attend",
                key: "partial_dim", fix: "use at most \(embedDim[stage]) there")
        }
        guard (-1...3).contains(frozenStages) else {
            throw ConfigurationError(
                what: "\(frozenStages) stages cannot be frozen", key: "frozen_stages",
                fix: "use -1 to train the stem, 0 to leave it as it is")
        }
        try checkDepthRateAndClasses()
    }

    private func checkThree(_ values: [Int], _ key: String, from least: Int, to most: Int) throws {
        guard values.count == 3, values.allSatisfy({ (least...most).contains($0) }) else {
            let range = least == most ? "" : " from \(least) to \(most)"
            throw ConfigurationError(
                what: "SHViT has three stages; this is no list of three possible values", key: key,
                fix: "give three values\(range)")
        }
    }

    /// Authors, title and number at arXiv.
    public static let paper =
        "Yun and Ro, \"SHViT: Single-Head Vision Transformer with Memory Efficient Macro Design\", "
        + "arXiv 2401.16456"

    /// Builds the network.
    ///
    /// - Parameter scope: Holds its parameters.
    /// - Returns: The network.
    public func build(_ scope: ParameterScope) -> any Backbone { SHViT(scope, self) }

    /// Both heads.
    public static let namesOfOneForm = ["head.", "head_dist."]

    /// timm counts the parts of a transition by itself and blocks from 0 in every stage.
    public static let keyRenamings = [
        KeyRenaming(
            from: "timm", marker: "stages.0.blocks.0.conv.m.c.weight",
            [
                KeyRule("stages.0.blocks.{j}", "blocks1.{j}"),
                KeyRule("stages.{s}.blocks.{j}", "blocks{s+1}.{j+3}"),
                KeyRule("stages.{s}.downsample.0", "blocks{s+1}.0.0"),
                KeyRule("stages.{s}.downsample.1", "blocks{s+1}.0.1"),
                KeyRule("stages.{s}.downsample.2", "blocks{s+1}.1"),
                KeyRule("stages.{s}.downsample.3", "blocks{s+1}.2.0"),
                KeyRule("stages.{s}.downsample.4", "blocks{s+1}.2.1"),
            ])
    ]

    /// The weights of the network that was fused for evaluation, turned back; others as they are.
    public func adapted(_ tensors: [NamedTensor]) -> [NamedTensor] {
        SHViTFusedWeights(tensors)?.unfused ?? tensors
    }

    /// Fused weights have no BatchNorm left whose statistics training could take.
    public func isForEvaluationAlone(_ tensors: [NamedTensor]) -> Bool {
        SHViTFusedWeights(tensors) != nil
    }
}
