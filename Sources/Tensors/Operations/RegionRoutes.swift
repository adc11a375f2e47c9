import KernelInterface
import Parallelism

/// The regions that each region attends to: those with the largest logits.
///
/// Mean queries `q` and keys `k` side by side, `[N, regions, 2 C]`, to region numbers
/// `[N, regions, count]` by falling logit `q_i k_j`; of equal logits the lower number is first.
/// A choice has no gradient.
public struct RegionRoutes: Operation {
    /// The name in layer tables.
    public let name = "RegionRoutes"
    /// Regions that each one attends to.
    public let count: Int

    /// Query regions of one piece of work: 49 are 25 and 24 for two threads.
    private static let block = 8

    /// Makes the operation.
    ///
    /// - Parameter count: Regions that each one attends to, at most all.
    public init(count: Int) { self.count = count }

    /// `[N, regions, count]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let means = inputs[0]
        precondition(
            means.rank == 3 && means[2] % 2 == 0 && count <= means[1],
            "\(count) routes of means \(means)")
        return means.replacingChannels(with: count)
    }

    /// The packed keys and the logits of each sample.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        let means = inputs[0]
        return means[0] * (layout(means).count + means[1] * means[1])
    }

    /// The matrix product of all mean queries and keys.
    public func multiplyAdds(_ inputs: [Shape]) -> Int {
        let means = inputs[0]
        return means[0] * means[1] * means[1] * means[2] / 2
    }

    private func layout(_ means: Shape) -> MatrixLayout {
        MatrixLayout(depth: means[2] / 2, columns: means[1])
    }

    /// Computes the logits and chooses, by blocks of query regions.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let means = x.shapes[0]
        let (samples, regions, width) = (means[0], means[1], means[2])
        let layout = layout(means)
        let logits = scratch + samples * layout.count
        parallelFor(samples) { sample in
            pack(x[0] + sample * regions * width, width, layout, scratch + sample * layout.count)
        }
        let blocks = (regions + Self.block - 1) / Self.block
        parallelFor(samples * blocks) { piece in
            let (sample, first) = (piece / blocks, piece % blocks * Self.block)
            let rows = min(Self.block, regions - first)
            let row = sample * regions + first
            multiply(
                x[0] + row * width, width, layout, scratch + sample * layout.count,
                into: logits + row * regions, rows: rows)
            for row in row..<row + rows {
                choose(logits + row * regions, regions, into: y + row * count)
            }
        }
    }

    private func pack(
        _ means: UnsafePointer<Float>, _ stride: Int, _ layout: MatrixLayout,
        _ panels: UnsafeMutablePointer<Float>
    ) {
        layout.forEachBlock { depth in
            kernels.matrix.packColumns(
                means + layout.depth + depth.lowerBound,
                panels + depth.lowerBound * layout.paddedColumns,
                PanelCopy(sourceStride: stride, depth: depth.count, columns: layout.columns))
        }
    }

    private func multiply(
        _ queries: UnsafePointer<Float>, _ stride: Int, _ layout: MatrixLayout,
        _ panels: UnsafePointer<Float>, into logits: UnsafeMutablePointer<Float>, rows: Int
    ) {
        layout.forEachBlock { depth in
            var block = MatrixBlock(
                a: (queries + depth.lowerBound, stride),
                b: (
                    panels + depth.lowerBound * layout.paddedColumns,
                    depth.count * kernels.matrix.panelWidth
                ), c: (logits, layout.columns), rows: rows, columns: layout.columns,
                depth: depth.count)
            block.aTileStride = stride * kernels.matrix.tileRows
            if depth.lowerBound > 0 {
                block.start = UnsafePointer(logits)
                block.startRowStride = layout.columns
            }
            kernels.matrix.multiply(block)
        }
    }

    /// Writes the numbers of the largest logits: by ranks where those are not few among many.
    private func choose(
        _ logits: UnsafeMutablePointer<Float>, _ regions: Int,
        into chosen: UnsafeMutablePointer<Float>
    ) {
        if regions <= 4 * count {
            kernels.attention.squares.choose(logits, regions, chosen, count)
        } else {
            Self.choose(count, of: logits, regions, into: chosen)
        }
    }

    /// Writes the numbers of the largest logits, which stay sorted while all are looked at once.
    private static func choose(
        _ count: Int, of logits: UnsafePointer<Float>, _ regions: Int,
        into chosen: UnsafeMutablePointer<Float>
    ) {
        for region in 0..<regions {
            var place = min(region, count)
            while place > 0, logits[region] > logits[Int(chosen[place - 1])] { place -= 1 }
            guard place < count else { continue }
            for later in stride(from: min(region, count - 1), to: place, by: -1) {
                chosen[later] = chosen[later - 1]
            }
            chosen[place] = Float(region)
        }
    }

    /// A choice of numbers has no gradient.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback { { _, _ in [nil] } }
}
