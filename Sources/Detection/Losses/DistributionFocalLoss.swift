import Foundation
import Tensors

/// Distribution focal loss: cross-entropy of the two bins around a continuous target.
///
/// `CE(l) (l + 1 - y) + CE(l + 1) (y - l)` with `l = floor(y)`. Generalized Focal Loss, Li et al.,
/// NeurIPS 2020, equation 6.
public struct DistributionFocalLoss: Codable, Sendable, Hashable {
    /// Weight among the losses.
    public var lossWeight: Float = 1

    /// Weight 1.
    public init() {}

    /// The weighted sum over rows, divided by the average factor.
    ///
    /// - Parameters:
    ///   - logits: `[P, R + 1]`.
    ///   - targets: One a row; clamped to `0 ... R - 0.01`.
    ///   - weights: One a row; 1 when absent.
    ///   - averageFactor: What the sum is divided by.
    /// - Returns: A scalar, weighted by `lossWeight`.
    public func callAsFunction(
        _ logits: Tensor, targets: [Float], weights: [Float]? = nil, averageFactor: Float
    ) -> Tensor {
        let bins = logits.shape.channels
        precondition(logits.count == targets.count * bins, "one target a row is needed")
        let scale = Double(lossWeight / averageFactor)
        var total = 0.0
        let gradient = Tensor(shape: logits.shape) { dx in
            logits.withElements { x in
                for row in targets.indices {
                    let factor = scale * Double(weights.map { $0[row] } ?? 1)
                    total += Self.row(
                        UnsafeBufferPointer(start: x + row * bins, count: bins), targets[row],
                        factor, into: dx + row * bins)
                }
            }
        }
        return .loss(total, gradient: gradient, of: logits)
    }

    /// The loss of one row; its gradient is written.
    private static func row(
        _ x: UnsafeBufferPointer<Float>, _ target: Float, _ factor: Double,
        into dx: UnsafeMutablePointer<Float>
    ) -> Double {
        let y = Double(min(max(target, 0), Float(x.count - 1) - 0.01))
        let left = Int(y)
        let (leftWeight, rightWeight) = (Double(left + 1) - y, y - Double(left))
        let largest = Double(x.max() ?? 0)
        let sum = x.reduce(0) { $0 + exp(Double($1) - largest) }
        let logSum = largest + log(sum)
        for bin in x.indices { dx[bin] = Float(factor * exp(Double(x[bin]) - logSum)) }
        dx[left] -= Float(factor * leftWeight)
        dx[left + 1] -= Float(factor * rightWeight)
        return factor
            * (leftWeight * (logSum - Double(x[left]))
                + rightWeight * (logSum - Double(x[left + 1])))
    }
}
