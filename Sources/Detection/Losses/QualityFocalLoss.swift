import Foundation
import Tensors

/// Quality focal loss: focal loss whose positive targets are qualities from 0 to 1.
///
/// `bce(x, 0) p^beta` for background entries and `bce(x, q) |q - p|^beta` for the entry of a
/// row's class, `p = sigma(x)`. Generalized Focal Loss, Li et al., NeurIPS 2020, equation 5.
public struct QualityFocalLoss: Codable, Sendable, Hashable {
    /// How little entries near their target count.
    public var beta: Float = 2
    /// Weight among the losses.
    public var lossWeight: Float = 1

    /// The paper's values.
    public init() {}

    /// The loss of rows of class logits.
    ///
    /// - Parameters:
    ///   - logits: `[P, C]`.
    ///   - labels: One a row: the class, `C` or more for background, negative for no part.
    ///   - qualities: Target of the class's entry of each row.
    ///   - weights: One a row; 1 when absent.
    ///   - averageFactor: What the sum is divided by.
    /// - Returns: A scalar, weighted by `lossWeight`.
    public func callAsFunction(
        _ logits: Tensor, labels: [Int32], qualities: [Float], weights: [Float]? = nil,
        averageFactor: Float
    ) -> Tensor {
        let rows = ClassificationRows(
            classes: logits.shape.channels, labels: labels, weights: weights, gamma: beta,
            scale: lossWeight / averageFactor)
        return rows.loss(
            logits, negativeWeight: 1, positive: QualityPositive(beta: beta, qualities: qualities))
    }
}

/// `bce(x, q) |q - p|^beta` and its derivative, the modulating factor included.
private struct QualityPositive: PositiveEntry {
    let beta: Float
    let qualities: [Float]

    func term(_ logit: Float, row: Int) -> EntryTerm {
        let (x, q, beta) = (Double(logit), Double(qualities[row]), Double(beta))
        let p = 1 / (1 + exp(-x))
        let entropy = BinaryCrossEntropy.value(x, target: q)
        let distance = abs(q - p)
        let factor = pow(distance, beta)
        let slope = distance == 0 ? 0 : beta * pow(distance, beta - 1) * (p < q ? -1 : 1)
        return EntryTerm(
            value: Float(entropy * factor),
            derivative: Float((p - q) * factor + entropy * slope * p * (1 - p)))
    }
}
