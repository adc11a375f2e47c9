import Tensors

/// Focal loss on logits: cross-entropy in which easy entries count little.
///
/// `bce(x, t) (alpha t + (1 - alpha)(1 - t)) |t - sigma(x)|^gamma`, with `t` the one-hot target,
/// summed over all entries, divided by the average factor. Focal Loss for Dense Object Detection,
/// Lin et al., ICCV 2017, equation 5. The keys are mmdetection's.
public struct SigmoidFocalLoss: Codable, Sendable, Hashable {
    /// How little easy entries count.
    public var gamma: Float = 2
    /// Weight of positive entries; negative ones have one minus it.
    public var alpha: Float = 0.25
    /// Weight among the losses.
    public var lossWeight: Float = 1

    /// The paper's values.
    public init() {}

    /// Checks the settings.
    ///
    /// - Parameter place: Path of the loss's configuration.
    /// - Throws: `DetectionError` naming the field.
    func validate(place: String) throws(DetectionError) {
        try Check.notNegative(gamma, place + ".gamma")
        try Check.range(alpha, 0...1, place + ".alpha")
        try Check.notNegative(lossWeight, place + ".loss_weight")
    }

    /// The loss of rows of class logits.
    ///
    /// - Parameters:
    ///   - logits: Any shape whose elements are rows of `classes` logits.
    ///   - classes: Length of a row.
    ///   - labels: One a row: the class, `classes` or more for background, negative for none.
    ///   - weights: One a row; 1 when absent.
    ///   - averageFactor: What the sum is divided by.
    /// - Returns: A scalar, weighted by `lossWeight`.
    func callAsFunction(
        _ logits: Tensor, classes: Int, labels: [Int32], weights: [Float]? = nil,
        averageFactor: Float
    ) -> Tensor {
        let rows = ClassificationRows(
            classes: classes, labels: labels, weights: weights, gamma: gamma,
            scale: lossWeight / averageFactor)
        return rows.loss(
            logits, negativeWeight: 1 - alpha, positive: FocalPositive(gamma: gamma, alpha: alpha))
    }
}

/// The focal loss of an entry whose target is 1: that of target 0 at the opposite logit.
private struct FocalPositive: PositiveEntry {
    let gamma: Float
    let alpha: Float

    func term(_ logit: Float, row: Int) -> EntryTerm {
        let opposite = FocalLanes(gamma: gamma).terms(FocalLanes.Lanes(repeating: -logit))
        return EntryTerm(
            value: alpha * opposite.value[0], derivative: -alpha * opposite.derivative[0])
    }
}
