import KernelInterface
import Parallelism

/// LayerNorm over the channels (Ba, Kiros and Hinton, 2016).
///
/// `y = (x - mean) / sqrt(variance + epsilon) w + b` with the statistics of each row. Operands:
/// `x [..., C]`, `w [C]`, `b [C]`.
public struct LayerNormalization: Operation {
    /// The name in layer tables.
    public let name = "LayerNorm"
    /// Added to the variance.
    public let epsilon: Float

    /// Makes the operation.
    ///
    /// - Parameter epsilon: Added to the variance.
    public init(epsilon: Float) { self.epsilon = epsilon }

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            inputs[1].count == x.channels && inputs[2].count == x.channels,
            "LayerNorm of \(x) with \(inputs[1]), \(inputs[2])")
        return x
    }

    /// Normalises blocks of rows.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let count = x.shapes[0].channels
        Elements.forEachRowBlock(x.shapes[0].extent) { rows in
            let start = rows.lowerBound * count
            kernels.normalization.layerNorm(
                x[0] + start, x[1], x[2], y + start,
                RowNormalization(
                    extent: RowExtent(rows: rows.count, channels: count), epsilon: epsilon))
        }
    }

    /// Keeps the input; the statistics are computed again from rows that are read anyway.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, weight, epsilon) = (inputs[0], inputs[1], epsilon)
        return { dy, _ in
            let count = x.shape.channels
            var sums: [Double] = []
            let dx = Tensor(shape: x.shape) { dx in
                sums = ChannelSums.reduce(x.shape.extent, width: 2 * count) { rows, result in
                    let start = rows.lowerBound * count
                    kernels.normalization.layerNormPullback(
                        dy.storage.pointer + start, x.storage.pointer + start,
                        weight.storage.pointer, dx + start, result,
                        RowNormalization(
                            extent: RowExtent(rows: rows.count, channels: count),
                            epsilon: epsilon))
                }
            }
            return [
                dx, ChannelSums.vector(Array(sums.prefix(count))),
                ChannelSums.vector(Array(sums.suffix(count))),
            ]
        }
    }
}

extension Tensor {
    /// LayerNorm over the last axis.
    ///
    /// - Parameters:
    ///   - weight: `[C]`.
    ///   - bias: `[C]`.
    ///   - epsilon: Added to the variance.
    /// - Returns: The normalised rows.
    public func layerNormalized(_ weight: Tensor, _ bias: Tensor, epsilon: Float) -> Tensor {
        LayerNormalization(epsilon: epsilon)(self, weight, bias)
    }
}
