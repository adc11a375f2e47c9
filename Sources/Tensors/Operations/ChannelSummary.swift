import KernelInterface

/// Mean and largest element of the channels at each position: `x [N, ..., C]` to `[N, ..., 2]`.
///
/// `dx = dy[0] / C`, and `dy[1]` more where the first largest element stands.
public struct ChannelSummary: Operation {
    /// The name in layer tables.
    public let name = "ChannelSummary"

    /// Makes the operation.
    public init() {}

    /// The input's shape with two channels: mean, then maximum.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[0].channels > 0, "summary of \(inputs[0])")
        return Shape(inputs[0].dimensions.dropLast() + [2])
    }

    /// Computes blocks of rows.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let count = x.shapes[0].channels
        Elements.forEachRowBlock(x.shapes[0].extent) { rows in
            kernels.position.summary(
                x[0] + rows.lowerBound * count, y + rows.lowerBound * 2,
                RowExtent(rows: rows.count, channels: count))
        }
    }

    /// Keeps the input.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let x = inputs[0]
        return { dy, _ in
            let count = x.shape.channels
            let dx = Tensor(shape: x.shape) { dx in
                Elements.forEachRowBlock(x.shape.extent) { rows in
                    let start = rows.lowerBound * count
                    kernels.position.summaryPullback(
                        dy.storage.pointer + rows.lowerBound * 2, x.storage.pointer + start,
                        dx + start, RowExtent(rows: rows.count, channels: count))
                }
            }
            return [dx]
        }
    }
}

extension Tensor {
    /// Mean and maximum over the channels at each position: `[N, ..., C]` to `[N, ..., 2]`.
    public func channelSummary() -> Tensor { ChannelSummary()(self) }
}
