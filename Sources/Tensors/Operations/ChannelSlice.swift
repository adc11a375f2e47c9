import KernelInterface

/// A range of channels: `x [..., C]` to `[..., range.count]`.
///
/// `dx` is `dy` inside of the range and 0 outside.
public struct ChannelSlice: Operation {
    /// The name in layer tables.
    public let name = "ChannelSlice"
    /// The channels that stay.
    public let range: Range<Int>

    /// Makes the operation.
    ///
    /// - Parameter range: The channels that stay.
    public init(range: Range<Int>) { self.range = range }

    /// The input's shape with the channels of the range.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            x.rank > 0 && range.lowerBound >= 0 && range.upperBound <= x.channels,
            "channels \(range) of \(x)")
        return x.replacingChannels(with: range.count)
    }

    /// Copies row by row.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        ChannelCopy(
            source: x[0] + range.lowerBound, sourceStride: shape.channels, target: y,
            targetStride: range.count
        ).run(RowExtent(rows: shape.rows, channels: range.count))
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (shape, range) = (inputs[0].shape, range)
        return { dy, _ in
            let dx = Tensor(shape: shape) { dx in
                dy.withElements { source in
                    dx.update(repeating: 0, count: shape.count)
                    ChannelCopy(
                        source: source, sourceStride: range.count,
                        target: dx + range.lowerBound, targetStride: shape.channels
                    ).run(RowExtent(rows: shape.rows, channels: range.count))
                }
            }
            return [dx]
        }
    }
}

/// A run of channels of each row, copied between two matrices with strides of their own.
struct ChannelCopy {
    /// First element that is read.
    let source: UnsafePointer<Float>
    /// Floats from a row to the next one where it is read.
    let sourceStride: Int
    /// First element that is written.
    let target: UnsafeMutablePointer<Float>
    /// Floats from a row to the next one where it is written.
    let targetStride: Int

    /// Copies.
    ///
    /// - Parameter extent: Number of rows, and of channels that are copied of each.
    func run(_ extent: RowExtent) {
        Elements.forEachRowBlock(extent) { rows in
            for row in rows {
                (target + row * targetStride).update(
                    from: source + row * sourceStride, count: extent.channels)
            }
        }
    }
}

extension Tensor {
    /// A range of channels of `[..., C]`, copied.
    ///
    /// - Parameter range: The channels, which exist.
    /// - Returns: `[..., range.count]`; for all channels the tensor itself.
    public func channels(_ range: Range<Int>) -> Tensor {
        range == 0..<shape.channels ? self : ChannelSlice(range: range)(self)
    }
}
