import Foundation
import Layers
import Tensors

/// What dense heads have in common, under mmdetection's argument names.
struct TowerSettings: Sendable {
    var stackedConvs: Int
    var featChannels: Int
    var norm: NormConfiguration
    var bias: ConvModule.Settings.Bias

    /// Standard deviation of all initial weights.
    static let initializer = Initializer.normal(standardDeviation: 0.01)
    /// Bias of class logits at which every score begins at 0.01.
    static let classBias: Float = -log((1 - 0.01) / 0.01)

    func validate() throws(DetectionError) {
        guard (0...64).contains(stackedConvs) else {
            throw DetectionError(
                what: "\(stackedConvs) convolutions cannot be stacked", place: "stacked_convs",
                fix: "give a number from 0 to 64")
        }
        try Check.positive(featChannels, "feat_channels")
        try norm.validate(channels: featChannels, place: "norm_cfg")
    }
}

/// The two stacks of convolutions of a dense head, shared by all levels.
struct DenseTowers: Sendable {
    /// Channels of either tower's output.
    let channels: Int
    private let classification: [ConvModule]
    private let regression: [ConvModule]

    /// Declares `cls_convs` and `reg_convs`.
    init(_ scope: ParameterScope, _ settings: TowerSettings, inputs: Int) {
        func tower(_ scope: ParameterScope) -> [ConvModule] {
            (0..<settings.stackedConvs).map { index in
                ConvModule(
                    scope[index], index == 0 ? inputs : settings.featChannels,
                    settings.featChannels,
                    ConvModule.Settings(
                        norm: settings.norm, activation: .relu, bias: settings.bias,
                        initializer: TowerSettings.initializer))
            }
        }
        classification = tower(scope["cls_convs"])
        regression = tower(scope["reg_convs"])
        channels = settings.stackedConvs == 0 ? inputs : settings.featChannels
    }

    /// The features from which classes are told.
    func classFeatures(_ x: Tensor, _ context: Context) -> Tensor {
        classification.reduce(x) { $1($0, context) }
    }

    /// The features from which boxes are read.
    func boxFeatures(_ x: Tensor, _ context: Context) -> Tensor {
        regression.reduce(x) { $1($0, context) }
    }

    /// Declares a 3x3 convolution that predicts.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight` and `bias`.
    ///   - outputs: Number of predictions a cell.
    ///   - bias: Initial value of the bias.
    /// - Returns: The convolution.
    func predictor(_ scope: ParameterScope, _ outputs: Int, bias: Float = 0) -> Conv2d {
        Conv2d(
            scope, channels, outputs, kernel: 3, padding: 1, bias: .constant(bias),
            initializer: TowerSettings.initializer)
    }
}

/// Checks of what a head is given at build time.
enum HeadInputs {
    /// The channels that all levels have in common.
    ///
    /// - Parameters:
    ///   - inputs: The neck's maps.
    ///   - classCount: Number of classes.
    /// - Returns: Channels of every map.
    /// - Throws: `DetectionError` when there are no maps, channels differ or there is no class.
    static func channels(
        _ inputs: [FeatureSpec], classCount: Int
    ) throws(DetectionError) -> Int {
        try Check.positive(classCount, "num_classes")
        guard let channels = inputs.first?.channels,
            inputs.allSatisfy({ $0.channels == channels })
        else {
            throw DetectionError(
                what: "the head needs maps of equal channels, it gets "
                    + "\(inputs.map(\.channels))",
                place: "neck", fix: "put an FPN between backbone and head")
        }
        return channels
    }
}
