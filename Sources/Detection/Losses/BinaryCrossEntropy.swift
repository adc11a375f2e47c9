import Foundation
import Tensors

/// Binary cross-entropy on logits against soft targets.
///
/// `softplus(x) - t x`, derivative `sigma(x) - t`.
public struct BinaryCrossEntropy: Codable, Sendable, Hashable {
    /// Weight among the losses.
    public var lossWeight: Float = 1

    /// Weight 1.
    public init() {}

    /// The loss of one logit.
    static func value(_ x: Double, target: Double) -> Double {
        max(x, 0) + log1p(exp(-abs(x))) - target * x
    }

    /// The sum over logits, divided by the average factor.
    ///
    /// - Parameters:
    ///   - logits: Any shape.
    ///   - targets: One an element, from 0 to 1.
    ///   - averageFactor: What the sum is divided by.
    /// - Returns: A scalar, weighted by `lossWeight`.
    public func callAsFunction(
        _ logits: Tensor, targets: [Float], averageFactor: Float
    ) -> Tensor {
        precondition(logits.count == targets.count, "one target an element is needed")
        let scale = Double(lossWeight / averageFactor)
        var total = 0.0
        let gradient = Tensor(shape: logits.shape) { dx in
            logits.withElements { x in
                for index in targets.indices {
                    let (logit, target) = (Double(x[index]), Double(targets[index]))
                    total += Self.value(logit, target: target)
                    dx[index] = Float(scale * (1 / (1 + exp(-logit)) - target))
                }
            }
        }
        return .loss(total * scale, gradient: gradient, of: logits)
    }
}
