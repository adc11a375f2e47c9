import Tensors

/// Distance of rows of numbers from their targets: L1, or smooth L1 (Fast R-CNN, equation 3).
///
/// `|d| - beta / 2`, and `d^2 / (2 beta)` where `|d| < beta`; with beta 0 plain L1.
public struct RegressionLoss: Codable, Sendable, Hashable {
    /// Where the parabola ends; 0 for none.
    public var beta: Float = 0
    /// Weight among the losses.
    public var lossWeight: Float = 1

    /// Makes a loss.
    ///
    /// - Parameter beta: Where the parabola ends; 0 for L1.
    public init(beta: Float = 0) { self.beta = beta }

    /// The weighted sum over all elements, divided by the average factor.
    ///
    /// - Parameters:
    ///   - predictions: `[P, K]`.
    ///   - targets: One an element, row-major.
    ///   - weights: One a row; 1 when absent.
    ///   - averageFactor: What the sum is divided by.
    /// - Returns: A scalar, weighted by `lossWeight`.
    public func callAsFunction(
        _ predictions: Tensor, targets: [Float], weights: [Float]? = nil, averageFactor: Float
    ) -> Tensor {
        precondition(predictions.count == targets.count, "one target an element is needed")
        let width = predictions.shape.channels
        let scale = lossWeight / averageFactor
        var total = 0.0
        let gradient = Tensor(shape: predictions.shape) { dx in
            predictions.withElements { x in
                for index in targets.indices {
                    let factor = scale * (weights.map { $0[index / width] } ?? 1)
                    let term = entry(x[index] - targets[index])
                    total += Double(term.value * factor)
                    dx[index] = term.derivative * factor
                }
            }
        }
        return .loss(total, gradient: gradient, of: predictions)
    }

    private func entry(_ difference: Float) -> EntryTerm {
        if abs(difference) < beta {
            return EntryTerm(
                value: difference * difference / (2 * beta), derivative: difference / beta)
        }
        return EntryTerm(
            value: abs(difference) - beta / 2,
            derivative: difference > 0 ? 1 : (difference < 0 ? -1 : 0))
    }
}
