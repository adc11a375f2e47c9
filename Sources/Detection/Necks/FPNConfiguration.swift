/// Settings of a feature pyramid under mmdetection's argument names.
public struct FPNConfiguration: Codable, Sendable, Hashable {
    /// Where levels beyond the backbone's last come from.
    public enum ExtraConvolutions: String, Codable, Sendable, CaseIterable {
        /// No convolution: the last level at every second row and column.
        case none
        /// A strided convolution of the backbone's last feature map.
        case onInput = "on_input"
        /// A strided convolution of the last lateral map.
        case onLateral = "on_lateral"
        /// A strided convolution of the last output.
        case onOutput = "on_output"
    }

    /// Channels of every output.
    public var outChannels = 256
    /// Number of outputs.
    public var numOuts = 5
    /// First of the backbone's maps that is used.
    public var startLevel = 0
    /// Last of the backbone's maps that is used, -1 for the last there is.
    public var endLevel = -1
    /// Where extra levels come from.
    public var addExtraConvs = ExtraConvolutions.none
    /// Whether extra convolutions after the first see their input through a ReLU.
    public var reluBeforeExtraConvs = false
    /// Whether lateral convolutions go without the norm.
    public var noNormOnLateral = false
    /// The norm after every convolution.
    public var normCfg = NormConfiguration()
    /// The activation after every convolution.
    public var act = Activation.none

    /// The defaults of mmdetection.
    public init() {}

    /// Number of the backbone's maps that are used, given how many there are.
    func usedCount(of inputCount: Int) -> Int { end(of: inputCount) - startLevel }

    /// One past the last map that is used.
    func end(of inputCount: Int) -> Int { endLevel == -1 ? inputCount : endLevel + 1 }

    /// Checks the settings for themselves.
    ///
    /// - Throws: `DetectionError` naming the field.
    public func validate() throws(DetectionError) {
        try Check.positive(outChannels, "out_channels")
        // Beyond it the coarsest levels would have strides of more than any image.
        try Check.positive(numOuts, atMost: 16, "num_outs")
        try normCfg.validate(channels: outChannels, place: "norm_cfg")
        guard startLevel >= 0 else {
            throw DetectionError(
                what: "\(startLevel) is no level of the backbone", place: "start_level",
                fix: "give 0 or more")
        }
        guard endLevel == -1 || endLevel >= startLevel else {
            throw DetectionError(
                what: "the last level \(endLevel) comes before the first, \(startLevel)",
                place: "end_level", fix: "give -1 or at least start_level")
        }
    }

    /// Checks the settings against a backbone with so many feature maps.
    ///
    /// - Parameter inputCount: Number of the backbone's feature maps.
    /// - Throws: `DetectionError` naming the field.
    public func validate(inputCount: Int) throws(DetectionError) {
        try validate()
        guard startLevel < inputCount, endLevel < inputCount else {
            throw DetectionError(
                what: "the backbone has \(inputCount) feature maps, level "
                    + "\(max(startLevel, endLevel)) is asked for",
                place: startLevel < inputCount ? "end_level" : "start_level",
                fix: "give at most \(inputCount - 1)")
        }
        let used = usedCount(of: inputCount)
        guard numOuts >= used else {
            throw DetectionError(
                what: "\(used) feature maps go in, only \(numOuts) are to come out",
                place: "num_outs", fix: "give at least \(used) or raise start_level")
        }
        let reachesEnd = endLevel == -1 || endLevel == inputCount - 1
        guard numOuts == used || reachesEnd else {
            throw DetectionError(
                what: "with end_level there are no extra levels, \(numOuts) outputs are asked for",
                place: "num_outs", fix: "give \(used), or end_level -1")
        }
    }
}
