/// How overlapping detections of a class are thinned out, under the names of mmcv's `nms`.
public struct SuppressionConfiguration: Codable, Sendable, Hashable {
    /// What becomes of a box that overlaps a better one.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// It is dropped.
        case nms
        /// It loses score.
        case softNms = "soft_nms"
    }

    /// By what `soft_nms` lowers a score.
    public enum Method: String, Codable, Sendable, CaseIterable {
        /// By `1 - IoU` from the threshold on.
        case linear
        /// By `exp(-IoU^2 / sigma)`.
        case gaussian
        /// To 0 from the threshold on.
        case naive
    }

    /// What becomes of a box that overlaps a better one.
    public var type = Kind.nms
    /// `nms` drops a box whose IoU is larger; `linear` and `naive` act from this IoU on.
    public var iouThreshold: Float
    /// Of `gaussian`: the larger, the less scores fall.
    public var sigma: Float = 0.5
    /// Of `soft_nms`: a box whose score has fallen below it is dropped.
    public var minScore: Float = 1e-3
    /// By what `soft_nms` lowers a score.
    public var method = Method.linear

    /// Makes a configuration of `nms`.
    ///
    /// - Parameter iouThreshold: Largest IoU of two detections of a class.
    public init(iouThreshold: Float = 0.5) { self.iouThreshold = iouThreshold }

    /// Checks the settings.
    ///
    /// - Parameter place: Path of the configuration.
    /// - Throws: `DetectionError` naming the field.
    func validate(place: String) throws(DetectionError) {
        try Check.range(iouThreshold, 0...1, place + ".iou_threshold")
        try Check.range(sigma, 1e-6...1e6, place + ".sigma")
        try Check.range(minScore, 0...1, place + ".min_score")
    }

    /// Thins out detections, class by class.
    ///
    /// - Parameters:
    ///   - found: The detections, in any order.
    ///   - limit: Most that are kept.
    /// - Returns: What is kept, best first.
    func callAsFunction(_ found: Detections, limit: Int) -> Detections {
        let kept: SoftSuppression.Result
        switch type {
        case .nms:
            let suppression = NonMaximumSuppression(iouThreshold: iouThreshold, limit: limit)
            let indices = suppression(found.boxes, scores: found.scores, labels: found.labels)
            kept = SoftSuppression.Result(
                indices: indices, scores: indices.map { found.scores[$0] })
        case .softNms:
            let suppression = SoftSuppression(decay: decay, leastScore: minScore, limit: limit)
            kept = suppression(found.boxes, scores: found.scores, labels: found.labels)
        }
        return Detections(
            boxes: kept.indices.map { found.boxes[$0] }, scores: kept.scores,
            labels: kept.indices.map { found.labels[$0] })
    }

    private var decay: SoftSuppression.Decay {
        switch method {
        case .linear: .linear(iouThreshold: iouThreshold)
        case .gaussian: .gaussian(sigma: sigma)
        case .naive: .hard(iouThreshold: iouThreshold)
        }
    }
}
