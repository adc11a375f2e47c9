import JSONText
import Layers

/// The settings of a BiFormer in the layout of Swin-T, the authors' ablation.
public struct BiFormerSTLConfiguration: BackboneConfiguration {
    /// Which of the authors' two implementations a network follows.
    public enum Form: String, Codable, Sendable {
        /// `biformer_stl.py`: linear layers, attention as in `BiFormer`.
        case nhwc
        /// `biformer_stl_nchw.py`: 1x1 convolutions and the rewritten attention.
        case nchw
    }

    /// Channels of the four stages.
    public var embedDim = [96, 192, 384, 768]
    /// Blocks of each stage.
    public var depth = [2, 2, 6, 2]
    /// Hidden channels of each stage's MLP as a multiple of its channels.
    public var mlpRatios = [4.0, 4, 4, 4]
    /// Regions along each axis, one number a stage.
    public var nWins = [7, 7, 7, 7]
    /// Regions that each region attends to; negative for full attention.
    public var topks = [1, 4, 16, -2]
    /// Channels of a head, in stages with regions.
    public var headDim = 32
    /// Side of the depth-wise kernel beside each attention; 0 for none.
    public var sideDwconv = 5
    /// Which implementation the network follows; ours, the authors have two classes.
    public var form = Form.nhwc
    /// Stochastic depth of the last block, 0 inclusive to 1 exclusive; the first has 0.
    public var dropPathRate = 0.0
    /// Number of classes of the authors' classifier; nil for the four maps alone.
    public var numClasses: Int?

    /// The settings of the authors' first implementation.
    public init() {}

    /// BiFormer-STL, 28.4 million parameters as a classifier.
    public static let nhwc = BiFormerSTLConfiguration()

    /// BiFormer-STL in the authors' second implementation.
    public static let nchw: BiFormerSTLConfiguration = {
        var settings = BiFormerSTLConfiguration()
        settings.topks = [1, 4, 16, -1]
        settings.form = .nchw
        return settings
    }()

    /// Refuses values that no network can be built from.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    public func validate() throws {
        let check = StageChecks(family: "BiFormer-STL")
        try check.four(embedDim.map(Double.init), "embed_dim", 1...65536)
        try check.four(depth.map(Double.init), "depth", 0...1000)
        try check.four(mlpRatios, "mlp_ratios", 0...64)
        try check.four(nWins.map(Double.init), "n_wins", 1...64)
        try check.four(topks.map(Double.init), "topks", -2...65536)
        try check.hidden(embedDim, mlpRatios)
        try checkDepthRateAndClasses()
        try check.sideKernel(sideDwconv)
        try check.range(headDim, "head_dim", 1...65536)
        for stage in topks.indices {
            let (c, topK) = (embedDim[stage], topks[stage])
            guard topK > 0 else {
                try check.fullAttention(channels: c, topK: -1)
                continue
            }
            try check.topK(topK, windows: nWins[stage])
            guard c >= headDim, c % (c / headDim) == 0 else {
                throw ConfigurationError(
                    what: "heads of \(headDim) channels do not divide \(c) channels",
                    key: "head_dim", fix: "use a divisor of all of embed_dim")
            }
        }
    }

    /// The paper of BiFormer, which reports the ablation.
    public static var paper: String { BiFormerConfiguration.paper }

    /// The classifier's norm and last layer.
    public static let namesOfOneForm = ["norm.", "head."]

    /// Builds the network.
    ///
    /// - Parameter scope: Holds its parameters.
    /// - Returns: The network.
    public func build(_ scope: ParameterScope) -> any Backbone { BiFormerSTL(scope, self) }
}
