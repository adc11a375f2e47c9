import KernelInterface

/// A product over rows, `c[i, j] = sum over m of a[m, i] * b[m, j]`: a weight's gradient.
///
/// The rows are cut into runs that depend on the shape alone; each run gives its own sum, and the
/// sums are added in order, so that the result has the same bits for any number of threads.
struct MatrixReduction {
    /// Rows of both operands.
    let rows: Int
    /// Columns of `a`: rows of the result.
    let height: Int
    /// Columns of `b`: columns of the result; cut into blocks as `b` asks for.
    let layout: MatrixLayout

    private var width: Int { layout.depth }

    /// Makes the reduction.
    ///
    /// - Parameters:
    ///   - rows: Rows of both operands.
    ///   - height: Columns of `a`.
    ///   - width: Columns of `b`.
    ///   - unit: `b` can be cut at multiples of this.
    init(rows: Int, height: Int, width: Int, unit: Int = 1) {
        self.rows = rows
        self.height = height
        layout = MatrixLayout(depth: width, columns: height, unit: unit)
    }

    private static let cachedFloats = 128 * 1024
    private static let heightBlock = 264

    /// Rows whose part of `b` is packed at once: they stay in the second-level cache, and are so
    /// many that the result is seldom read and written.
    private var chunk: Int {
        let columns = min(width, layout.depthBlock) + min(height, Self.heightBlock)
        return max(96, min(512, Self.cachedFloats / max(1, columns)) / 8 * 8)
    }

    /// Rows of a run, a multiple of the chunk.
    private var runLength: Int {
        let wanted = max(1, rows * max(1, height * width) / (1 << 22))
        let mostRuns = max(1, min(32, (1 << 22) / max(1, height * width)))
        let runs = max(1, min(wanted, mostRuns))
        let length = (rows + runs - 1) / runs
        return max(chunk, (length + chunk - 1) / chunk * chunk)
    }

    private var runs: Int { max(1, (rows + runLength - 1) / runLength) }
    private var heightPieces: Int { (height + Self.heightBlock - 1) / Self.heightBlock }
    private var widthPieces: Int { (width + layout.depthBlock - 1) / layout.depthBlock }

    private func laneSize(_ b: MatrixRows) -> Int {
        let most = min(width, layout.depthBlock)
        let lanes = kernels.matrix.panelWidth
        return chunk * (most + lanes) + b.scratchCount(rows: chunk, depth: most)
    }

    /// Floats of working memory.
    ///
    /// - Parameter b: The right operand; its pointer is not looked at.
    /// - Returns: Floats for all lanes, and for the sums of all runs.
    func scratchCount(_ b: MatrixRows) -> Int {
        MatrixLanes.maximum * laneSize(b) + (runs > 1 ? runs * height * width : 0)
    }

    /// Computes the product.
    ///
    /// - Parameters:
    ///   - a: The left operand `[rows, height]`, row-major.
    ///   - b: The right operand.
    ///   - c: Room for the result `[height, width]`.
    ///   - scratch: Room for `scratchCount` floats.
    func callAsFunction(
        _ a: UnsafePointer<Float>, _ b: MatrixRows, into c: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let laneSize = laneSize(b)
        let sums = scratch + MatrixLanes.maximum * laneSize
        let size = height * width
        MatrixLanes.forEach(runs * heightPieces * widthPieces) { piece, lane in
            let run = piece / (heightPieces * widthPieces)
            let i = piece / widthPieces % heightPieces * Self.heightBlock
            let j = piece % widthPieces * layout.depthBlock
            reduce(
                a, b, into: runs > 1 ? sums + run * size : c, scratch: scratch + lane * laneSize,
                rows: run * runLength..<min(rows, (run + 1) * runLength),
                at: (
                    i..<min(height, i + Self.heightBlock),
                    j..<min(width, j + layout.depthBlock)
                ))
        }
        guard runs > 1 else { return }
        forEachBlock(size, block: 4096) { block in
            kernels.matrix.addRows(
                sums + block.lowerBound, c + block.lowerBound, runs, block.count, size)
        }
    }

    private func reduce(
        _ a: UnsafePointer<Float>, _ b: MatrixRows, into c: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, rows: Range<Int>,
        at place: (i: Range<Int>, j: Range<Int>)
    ) {
        let c = c + place.i.lowerBound * width + place.j.lowerBound
        let panel = kernels.matrix.panelWidth
        var row = rows.lowerBound
        repeat {
            let count = min(chunk, rows.upperBound - row)
            let right = pack(b, row..<row + count, place.j, scratch: scratch)
            var block = MatrixBlock(
                a: (a + row * height + place.i.lowerBound, 1), b: (right, count * panel),
                c: (c, width), rows: place.i.count, columns: place.j.count, depth: count)
            block.aStep = height
            block.aTileStride = kernels.matrix.tileRows
            if row > rows.lowerBound {
                block.start = UnsafePointer(c)
                block.startRowStride = width
            }
            kernels.matrix.multiply(block)
            row += count
        } while row < rows.upperBound
    }

    /// Rows of `b` as panels; a matrix that is one panel already stays where it is.
    private func pack(
        _ b: MatrixRows, _ rows: Range<Int>, _ columns: Range<Int>,
        scratch: UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Float> {
        let panel = kernels.matrix.panelWidth
        let gathered = scratch + chunk * (min(width, layout.depthBlock) + panel)
        let source = b.read(rows, depth: columns, scratch: gathered)
        if source.stride == panel, columns.count == panel { return source.pointer }
        kernels.matrix.packRows(
            source.pointer, scratch,
            PanelCopy(sourceStride: source.stride, depth: rows.count, columns: columns.count))
        return UnsafePointer(scratch)
    }
}

/// Sums of the columns of a matrix: a bias's gradient.
enum ColumnSums {
    private static let block = 512

    /// Adds up the rows of `x`, block by block, and the blocks in order.
    ///
    /// - Parameters:
    ///   - x: The matrix `[rows, columns]`.
    ///   - rows: Number of rows.
    ///   - columns: Number of columns.
    /// - Returns: The sums `[columns]`.
    static func of(_ x: Tensor, rows: Int, columns: Int) -> Tensor {
        let blocks = max(1, (rows + block - 1) / block)
        let partial = Storage(count: blocks * columns)
        x.withElements { x in
            MatrixLanes.forEach(blocks) { index, _ in
                let first = index * block
                kernels.matrix.addRows(
                    x + first * columns, partial.pointer + index * columns,
                    min(block, rows - first), columns, columns)
            }
        }
        return Tensor(shape: [columns]) { sums in
            kernels.matrix.addRows(partial.pointer, sums, blocks, columns, columns)
        }
    }
}
