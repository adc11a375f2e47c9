import KernelInterface
import Parallelism

/// Mean over all positions: `x [N, ..., C]` to `[N, C]`; `dx = dy / positions`.
public struct PositionMean: Operation {
    /// The name in layer tables.
    public let name = "PositionMean"

    /// Makes the operation.
    public init() {}

    /// `[N, C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[0].rank >= 2, "mean over positions of \(inputs[0])")
        return [inputs[0][0], inputs[0].channels]
    }

    /// Sums of each block of rows.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        let rows = SampleRows(inputs[0])
        return rows.samples * rows.blocks * rows.extent.channels
    }

    /// Sums blocks of rows, then the blocks.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let rows = SampleRows(x.shapes[0])
        let count = rows.extent.channels
        rows.forEachBlock { sample, block, start, extent in
            kernels.channel.sum(
                x[0] + start, scratch + (sample * rows.blocks + block) * count, extent)
        }
        let share = 1 / Float(max(1, rows.extent.rows))
        for sample in 0..<rows.samples {
            let target = y + sample * count
            kernels.channel.sum(
                scratch + sample * rows.blocks * count, target,
                RowExtent(rows: rows.blocks, channels: count))
            kernels.elementwise.scale(target, share, target, count)
        }
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let shape = inputs[0].shape
        return { dy, _ in
            let rows = SampleRows(shape)
            let count = rows.extent.channels
            let share = dy.multiplied(by: 1 / Float(max(1, rows.extent.rows)))
            return [
                Tensor(shape: shape) { dx in
                    rows.forEachBlock { sample, _, start, extent in
                        for row in 0..<extent.rows {
                            (dx + start + row * count).update(
                                from: share.storage.pointer + sample * count, count: count)
                        }
                    }
                }
            ]
        }
    }
}

/// Sum of all elements, a scalar; `dx = dy` everywhere.
public struct Sum: Operation {
    /// The name in layer tables.
    public let name = "Sum"

    /// Makes the operation.
    public init() {}

    private static let block = 4096

    /// A scalar.
    public func outputShape(_ inputs: [Shape]) -> Shape { [] }

    /// One sum a block.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        (inputs[0].count + Self.block - 1) / Self.block * Self.lanes
    }

    private static let lanes = 64

    /// Sums blocks as matrices of 64 columns, then the blocks in double precision.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let count = x.shapes[0].count
        let whole = count / Self.lanes
        let rows = Self.block / Self.lanes
        let blocks = (whole + rows - 1) / rows
        parallelFor(blocks) { block in
            let extent = RowExtent(
                rows: min(rows, whole - block * rows), channels: Self.lanes)
            kernels.channel.sum(
                x[0] + block * Self.block, scratch + block * Self.lanes, extent)
        }
        var total = 0.0
        for i in 0..<blocks * Self.lanes { total += Double(scratch[i]) }
        for i in whole * Self.lanes..<count { total += Double(x[0][i]) }
        y[0] = Float(total)
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let shape = inputs[0].shape
        return { dy, _ in [Tensor(shape: shape, repeating: dy.scalar)] }
    }
}

extension Tensor {
    /// The mean over all axes but the first and the last: `[N, ..., C]` to `[N, C]`.
    public func meanOverPositions() -> Tensor { PositionMean()(self) }

    /// The sum of all elements, a scalar.
    public func sum() -> Tensor { Sum()(self) }
}
