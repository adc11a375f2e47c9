/// Settings of SHViT's feature pyramid under its authors' argument names.
public struct EfficientViTFPNConfiguration: Codable, Sendable, Hashable {
    /// Channels of every output.
    public var outChannels = 256
    /// Number of outputs, transposed ones included.
    public var numOuts = 5
    /// First of the backbone's maps that is used.
    public var startLevel = 0
    /// Where levels coarser than the backbone's come from.
    public var addExtraConvs = FPNConfiguration.ExtraConvolutions.none
    /// Number of levels finer than the backbone's, each twice the size of the one after it.
    public var numExtraTransConvs = 1
    /// The norm after every convolution but the transposed ones; the authors have none.
    public var normCfg = NormConfiguration()

    /// The settings of the authors' RetinaNet, but for its extra level.
    public init() {}

    /// The pyramid without the transposed levels.
    var pyramid: FPNConfiguration {
        var pyramid = FPNConfiguration()
        pyramid.outChannels = outChannels
        pyramid.numOuts = numOuts - numExtraTransConvs
        pyramid.startLevel = startLevel
        pyramid.addExtraConvs = addExtraConvs
        pyramid.normCfg = normCfg
        return pyramid
    }

    /// Checks the settings for themselves.
    ///
    /// - Throws: `DetectionError` naming the field.
    public func validate() throws(DetectionError) {
        // Beyond it maps would be larger than images at the backbones' strides.
        guard (0...4).contains(numExtraTransConvs) else {
            throw DetectionError(
                what: "\(numExtraTransConvs) transposed levels are impossible",
                place: "num_extra_trans_convs", fix: "give a number from 0 to 4")
        }
        guard numOuts > numExtraTransConvs else {
            throw DetectionError(
                what: "\(numExtraTransConvs) of \(numOuts) outputs are transposed levels",
                place: "num_outs", fix: "give at least \(numExtraTransConvs + 1)")
        }
        try pyramid.validate()
    }

    /// Checks the settings against a backbone.
    ///
    /// - Parameter inputs: Strides of the backbone's maps, finest first.
    /// - Throws: `DetectionError` naming the field.
    func validate(inputs: [Int]) throws(DetectionError) {
        try validate()
        let used = inputs.count - startLevel
        guard startLevel < inputs.count, numOuts - numExtraTransConvs >= used else {
            throw DetectionError(
                what: "the backbone has \(inputs.count) feature maps; from level \(startLevel) on,"
                    + " with \(numExtraTransConvs) transposed levels, \(numOuts) outputs"
                    + " cannot be made of them",
                place: startLevel < inputs.count ? "num_outs" : "start_level",
                fix: startLevel < inputs.count
                    ? "give at least \(used + numExtraTransConvs) or raise start_level"
                    : "give at most \(inputs.count - 1)")
        }
        guard inputs[startLevel] % (1 << numExtraTransConvs) == 0 else {
            throw DetectionError(
                what: "a stride of \(inputs[startLevel]) pixels cannot be halved"
                    + " \(numExtraTransConvs) times",
                place: "num_extra_trans_convs", fix: "give a smaller number")
        }
    }
}
