import Foundation
import KernelInterface

/// Softmax along the last axis.
///
/// `y = exp(x - max) / sum(exp(x - max))`, `dx = y (dy - sum(y dy))`.
public struct Softmax: Operation {
    /// The name in layer tables.
    public let name = "Softmax"

    /// Makes the operation.
    public init() {}

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape { inputs[0] }

    /// Computes blocks of rows.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let count = x.shapes[0].channels
        Elements.forEachRowBlock(x.shapes[0].extent) { rows in
            let start = rows.lowerBound * count
            kernels.activation.softmax(
                x[0] + start, y + start, RowExtent(rows: rows.count, channels: count))
        }
    }

    /// Keeps the output alone.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        { dy, _ in
            let count = output.shape.channels
            let dx = Tensor(shape: output.shape) { dx in
                Elements.forEachRowBlock(output.shape.extent) { rows in
                    let start = rows.lowerBound * count
                    kernels.activation.softmaxPullback(
                        dy.storage.pointer + start, output.storage.pointer + start, dx + start,
                        RowExtent(rows: rows.count, channels: count))
                }
            }
            return [dx]
        }
    }
}

extension Tensor {
    /// Softmax along the last axis.
    public func softmax() -> Tensor { Softmax()(self) }
}

/// The mean cross-entropy of logits with integer labels, as PyTorch's `cross_entropy`.
///
/// With label smoothing `e`, the target of each class is `e / K`, that of the label `1 - e` more.
/// `d logits = (softmax - target) / N`. Computed at once and recorded.
///
/// - Parameters:
///   - logits: `[N, K]`.
///   - labels: `N` classes, each from 0 to `K - 1`.
///   - labelSmoothing: From 0 to 1.
/// - Returns: A scalar.
public func crossEntropy(
    _ logits: Tensor, labels: [Int], labelSmoothing: Float = 0
) -> Tensor {
    let (samples, classes) = (logits.shape.rows, logits.shape.channels)
    precondition(
        labels.count == samples && labels.allSatisfy { 0 <= $0 && $0 < classes },
        "labels for logits \(logits.shape)")
    let x = logits.detached
    let uniform = Double(labelSmoothing) / Double(max(1, classes))
    var total = 0.0
    for (sample, label) in labels.enumerated() {
        let row = UnsafeBufferPointer(start: x.storage.pointer + sample * classes, count: classes)
        let largest = Double(row.max() ?? 0)
        let sum = row.reduce(0.0) { $0 + exp(Double($1) - largest) }
        let normalizer = largest + log(sum)
        total += (1 - Double(labelSmoothing)) * (normalizer - Double(row[label]))
        if uniform > 0 { total += uniform * row.reduce(0) { $0 + normalizer - Double($1) } }
    }
    let loss = Tensor(shape: [], [Float(total / Double(max(1, samples)))])
    return loss.recorded(from: [logits]) {
        { dy, _ in
            let gradient = x.softmax()
            let pointer = gradient.storage.pointer
            for i in 0..<gradient.count { pointer[i] -= Float(uniform) }
            for (sample, label) in labels.enumerated() {
                pointer[sample * classes + label] -= 1 - labelSmoothing
            }
            return [gradient.multiplied(by: dy.scalar / Float(max(1, samples)))]
        }
    }
}
