import JSONText
import Layers

/// The settings of a VAN, under the authors' constructor names, and the published variants.
public struct VANConfiguration: BackboneConfiguration {
    /// Channels of the four stages.
    public var embedDims = [64, 128, 256, 512]
    /// Hidden channels of each stage's MLP as a multiple of its channels.
    public var mlpRatios = [4.0, 4, 4, 4]
    /// Blocks of each stage.
    public var depths = [3, 4, 6, 3]
    /// Whether a ReLU follows the first convolution of each MLP; no published variant has it.
    public var linear = false
    /// Stochastic depth of the last block, 0 inclusive to 1 exclusive; the first has 0.
    public var dropPathRate = 0.0
    /// Number of classes of the authors' classifier; nil for their dense form.
    public var numClasses: Int?

    /// The authors' constructor defaults, which are no published variant.
    public init() {}

    private init(_ embedDims: [Int], depths: [Int]) {
        self.embedDims = embedDims
        self.depths = depths
        mlpRatios = [8, 8, 4, 4]
    }

    /// VAN-B0, 4.1 million parameters as a classifier.
    public static let b0 = VANConfiguration([32, 64, 160, 256], depths: [3, 3, 5, 2])
    /// VAN-B1, 13.9 million parameters as a classifier.
    public static let b1 = VANConfiguration([64, 128, 320, 512], depths: [2, 2, 4, 2])
    /// VAN-B2, 26.6 million parameters as a classifier.
    public static let b2 = VANConfiguration([64, 128, 320, 512], depths: [3, 3, 12, 3])
    /// VAN-B3, 44.8 million parameters as a classifier.
    public static let b3 = VANConfiguration([64, 128, 320, 512], depths: [3, 5, 27, 3])
    /// VAN-B4, 60.3 million parameters as a classifier.
    public static let b4 = VANConfiguration([64, 128, 320, 512], depths: [3, 6, 40, 3])
    /// VAN-B5, 90.0 million parameters as a classifier; 480 channels in stage 3, unlike B6.
    public static let b5 = VANConfiguration([96, 192, 480, 768], depths: [3, 3, 24, 3])
    /// VAN-B6, 199.8 million parameters as a classifier.
    public static let b6 = VANConfiguration([96, 192, 384, 768], depths: [6, 6, 90, 6])

    /// Refuses values that no network can be built from.
    ///
    /// - Throws: `ConfigurationError` that names the key.
    public func validate() throws {
        try checkFour(embedDims.map(Double.init), "embed_dims", least: 1, most: 65536)
        try checkFour(depths.map(Double.init), "depths", least: 0, most: 1000)
        try checkFour(mlpRatios, "mlp_ratios", least: 0, most: 64)
        for (dims, ratio) in zip(embedDims, mlpRatios) where Int(Double(dims) * ratio) < 1 {
            throw ConfigurationError(
                what: "\(dims) channels times \(ratio) leave an MLP without channels",
                key: "mlp_ratios", fix: "use at least \(1 / Double(dims)) there")
        }
        try checkDepthRateAndClasses()
    }

    private func checkFour(
        _ values: [Double], _ key: String, least: Double, most: Double
    ) throws {
        guard values.count == 4, values.allSatisfy({ $0 >= least && $0 <= most }) else {
            throw ConfigurationError(
                what: "VAN has four stages; this is no list of four possible values", key: key,
                fix: "give four numbers from \(Int(least)) to \(Int(most))")
        }
    }

    /// Authors, title and number at arXiv.
    public static let paper = "Guo et al., \"Visual Attention Network\", arXiv 2202.09741"

    /// Builds the network.
    ///
    /// - Parameter scope: Holds its parameters.
    /// - Returns: The network.
    public func build(_ scope: ParameterScope) -> any Backbone { VAN(scope, self) }
}
