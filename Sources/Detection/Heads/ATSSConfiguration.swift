/// Settings of an ATSS head under mmdetection's argument names.
public struct ATSSConfiguration: Codable, Sendable, Hashable {
    /// Convolutions of either tower.
    public var stackedConvs = 4
    /// Channels of the towers.
    public var featChannels = 256
    /// The norm in the towers.
    public var normCfg = NormConfiguration(type: .groupNorm)
    /// The anchors; ATSS has one a cell.
    public var anchorGenerator = AnchorGenerator()
    /// How boxes are written against anchors.
    public var bboxCoder = DeltaBoxCoder(targetStds: [0.1, 0.1, 0.2, 0.2])
    /// Which anchors are positive.
    public var assigner = ATSSAssigner()
    /// The loss of the classes.
    public var lossCls = SigmoidFocalLoss()
    /// The loss of the boxes.
    public var lossBbox = BoxLoss(type: .giou, lossWeight: 2)
    /// The loss of the centre-ness.
    public var lossCenterness = BinaryCrossEntropy()
    /// How maps become detections.
    public var testCfg = DecodingConfiguration(iouThreshold: 0.6)

    /// The defaults of the paper.
    public init() {}

    var towers: TowerSettings {
        TowerSettings(
            stackedConvs: stackedConvs, featChannels: featChannels, norm: normCfg,
            bias: .withoutNorm)
    }

    /// Checks the settings.
    ///
    /// - Throws: `DetectionError` naming the field.
    public func validate() throws(DetectionError) {
        try towers.validate()
        try anchorGenerator.validate(place: "anchor_generator")
        try bboxCoder.validate(place: "bbox_coder")
        try assigner.validate(place: "assigner")
        try lossCls.validate(place: "loss_cls")
        try lossBbox.validate(place: "loss_bbox")
        try Check.notNegative(lossCenterness.lossWeight, "loss_centerness.loss_weight")
        try testCfg.validate(place: "test_cfg")
    }
}
