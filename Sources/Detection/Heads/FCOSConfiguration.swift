/// Settings of an FCOS head under mmdetection's argument names.
public struct FCOSConfiguration: Codable, Sendable, Hashable {
    /// When the towers' convolutions have biases.
    public enum ConvolutionBias: String, Codable, Sendable, CaseIterable {
        /// Exactly when there is no norm.
        case auto
        /// Always.
        case always
    }

    /// Convolutions of either tower.
    public var stackedConvs = 4
    /// Channels of the towers.
    public var featChannels = 256
    /// The norm in the towers.
    public var normCfg = NormConfiguration(type: .groupNorm)
    /// When the towers' convolutions have biases.
    public var convBias = ConvolutionBias.auto
    /// Least and largest distance to the farthest edge, in pixels, for each level.
    public var regressRanges: [[Float]] = [
        [-1, 64], [64, 128], [128, 256], [256, 512], [512, 1e8],
    ]
    /// Whether only points near the centre of an object are positive.
    public var centerSampling = false
    /// Half the side of the central square, in strides.
    public var centerSampleRadius: Float = 1.5
    /// Whether distances are predicted in strides, by a ReLU instead of the exponential.
    public var normOnBbox = false
    /// Whether centre-ness is read from the box tower.
    public var centernessOnReg = false
    /// The loss of the classes.
    public var lossCls = SigmoidFocalLoss()
    /// The loss of the boxes.
    public var lossBbox = BoxLoss(type: .iou)
    /// The loss of the centre-ness.
    public var lossCenterness = BinaryCrossEntropy()
    /// How maps become detections.
    public var testCfg = DecodingConfiguration()

    /// The defaults of the paper.
    public init() {}

    var towers: TowerSettings {
        TowerSettings(
            stackedConvs: stackedConvs, featChannels: featChannels, norm: normCfg,
            bias: convBias == .always ? .always : .withoutNorm)
    }

    var assigner: FCOSAssigner {
        FCOSAssigner(
            ranges: regressRanges.map { $0[0]...$0[1] },
            region: centerSampling ? .center(radius: centerSampleRadius) : .box)
    }

    /// Checks the settings.
    ///
    /// - Throws: `DetectionError` naming the field.
    public func validate() throws(DetectionError) {
        try towers.validate()
        try Check.range(centerSampleRadius, 1e-3...1e3, "center_sample_radius")
        for (index, range) in regressRanges.enumerated() {
            let place = "regress_ranges[\(index)]"
            try Check.count(range.count, 2, place)
            guard range[0] <= range[1] else {
                throw DetectionError(
                    what: "the range from \(range[0]) to \(range[1]) is empty", place: place,
                    fix: "give the smaller number first")
            }
        }
        try lossCls.validate(place: "loss_cls")
        try lossBbox.validate(place: "loss_bbox")
        try Check.notNegative(lossCenterness.lossWeight, "loss_centerness.loss_weight")
        try testCfg.validate(place: "test_cfg")
    }
}
