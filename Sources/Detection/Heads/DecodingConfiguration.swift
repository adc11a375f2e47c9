/// How raw maps become detections, under the names of mmdetection's `test_cfg`.
public struct DecodingConfiguration: Codable, Sendable, Hashable {
    /// Scores that are not above it are dropped, before centre-ness is multiplied.
    public var scoreThr: Float = 0.05
    /// Most pairs of anchor and class of a level that are decoded.
    public var nmsPre = 1000
    /// Boxes not wider or not higher than it, in pixels, are dropped; negative: none are.
    public var minBboxSize: Float = 0
    /// How overlapping detections of a class are thinned out.
    public var nms = SuppressionConfiguration()
    /// Most detections of an image.
    public var maxPerImg = 100

    /// Makes a configuration.
    ///
    /// - Parameter iouThreshold: Largest IoU of two detections of a class.
    public init(iouThreshold: Float = 0.5) {
        nms = SuppressionConfiguration(iouThreshold: iouThreshold)
    }

    /// Checks the settings.
    ///
    /// - Parameter place: Path of the configuration.
    /// - Throws: `DetectionError` naming the field.
    func validate(place: String) throws(DetectionError) {
        try Check.range(scoreThr, 0...1, place + ".score_thr")
        try Check.positive(nmsPre, atMost: 10_000_000, place + ".nms_pre")
        try Check.range(minBboxSize, -1...1e6, place + ".min_bbox_size")
        try nms.validate(place: place + ".nms")
        try Check.positive(maxPerImg, atMost: 10_000_000, place + ".max_per_img")
    }
}
