import KernelInterface

/// A product over rows, `c[i, j] = sum over m of a[m, i] * b[m, j]`: a weight's gradient.
///
/// The rows are cut into runs that depend on the shape alone; each run gives its own sum, and the
/// sums are added in order, so that the result has the same bits for any number of threads. There
/// are only so many runs that their sums are less work than reading the operands; what is wanted
/// beyond for the threads is cut from the columns.
struct MatrixReduction {
    /// Rows of both operands.
    let rows: Int
    /// Columns of `a`: rows of the result.
    let height: Int
    /// Columns of `b`: columns of the result.
    let width: Int
    /// Columns of `a` and of `b` in a piece.
    private let block: (height: Int, width: Int)
    /// Rows of a run.
    private let runLength: Int
    /// Rows whose part of `b` is packed at once: they stay in the second-level cache, and are so
    /// many that the result is seldom read and written.
    private let chunk: Int

    private static let cachedFloats = 128 * 1024
    private static let heightBlock = 264
    private static let shortestRun = 96
    /// Multiply-adds that are worth a piece, and pieces that keep threads busy to the end.
    private static let pieceSize = 1 << 19
    private static let enoughPieces = 16

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
        self.width = width
        let work = rows * height * width
        let pieces = max(1, min(Self.enoughPieces, work / Self.pieceSize))
        let runs = Self.runs(rows, height, width, wanted: max(pieces, work >> 22))
        runLength = MatrixRun.evenPart(rows, most: (rows + runs - 1) / runs, unit: 8)
        var (high, wide) = (
            min(height, Self.heightBlock),
            MatrixLayout(depth: width, columns: height, unit: unit).depthBlock
        )
        let least = max(1, pieces * high / max(1, runs * height))
        if unit == 1, (width + wide - 1) / wide < least {
            wide = MatrixRun.evenPart(width, most: max(64, width / least), unit: 32)
        }
        let others = runs * ((width + wide - 1) / wide)
        let most = max(48, min(high, height * others / pieces))
        high = MatrixRun.evenPart(height, most: most, unit: 12)
        block = (high, wide)
        let columns = max(1, min(width, wide) + min(height, high))
        let longest = max(Self.shortestRun, min(512, Self.cachedFloats / columns))
        chunk = MatrixRun.evenPart(runLength, most: longest, unit: 8)
    }

    /// The number of runs: at most as many as are wanted.
    ///
    /// - Parameters:
    ///   - rows: Rows of both operands.
    ///   - height: Columns of `a`.
    ///   - width: Columns of `b`.
    ///   - wanted: How many would suit the threads.
    /// - Returns: A number of which the sums are less work than reading the operands once.
    static func runs(_ rows: Int, _ height: Int, _ width: Int, wanted: Int) -> Int {
        let cheap = rows * (height + width) / max(1, 2 * height * width)
        return max(1, min(wanted, 32, cheap, rows / shortestRun))
    }

    private var runs: Int { max(1, (rows + runLength - 1) / runLength) }
    private var heightPieces: Int { (height + block.height - 1) / block.height }
    private var widthPieces: Int { (width + block.width - 1) / block.width }

    private func laneSize(_ b: MatrixRows) -> Int {
        let most = min(width, block.width)
        return Self.packedCount(rows: chunk, columns: most)
            + b.scratchCount(rows: chunk, depth: most)
    }

    /// Floats that a few rows of the right operand take as panels.
    static func packedCount(rows: Int, columns: Int) -> Int {
        rows * (columns + kernels.matrix.panelWidth)
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
            let i = piece / widthPieces % heightPieces * block.height
            let j = piece % widthPieces * block.width
            reduce(
                a, b, into: runs > 1 ? sums + run * size : c, scratch: scratch + lane * laneSize,
                rows: run * runLength..<min(rows, (run + 1) * runLength),
                at: (i..<min(height, i + block.height), j..<min(width, j + block.width)))
        }
        if runs > 1 { Self.addRuns(sums, runs, into: c, size: size) }
    }

    /// Adds the sums of all runs, in order.
    ///
    /// - Parameters:
    ///   - sums: The sums, one after the other.
    ///   - runs: Their number.
    ///   - c: Room for the result.
    ///   - size: Elements of the result.
    static func addRuns(
        _ sums: UnsafePointer<Float>, _ runs: Int, into c: UnsafeMutablePointer<Float>, size: Int
    ) {
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
        let gathered =
            scratch + Self.packedCount(rows: chunk, columns: min(width, block.width))
        var row = rows.lowerBound
        repeat {
            let count = min(chunk, rows.upperBound - row)
            let right = b.read(row..<row + count, depth: place.j, scratch: gathered)
            let part = ReductionChunk(
                a: a + row * height + place.i.lowerBound, aStride: height, b: right.pointer,
                bStride: right.stride, rows: count, isFirst: row == rows.lowerBound)
            part.add(
                to: c + place.i.lowerBound * width + place.j.lowerBound, stride: width,
                height: place.i.count, width: place.j.count, scratch: scratch)
            row += count
        } while row < rows.upperBound
    }
}

/// A few rows of both operands of a product over rows.
struct ReductionChunk {
    /// First element of the left operand, and floats from row to row.
    let a: UnsafePointer<Float>
    let aStride: Int
    /// First element of the right operand, and floats from row to row.
    let b: UnsafePointer<Float>
    let bStride: Int
    /// Number of rows.
    let rows: Int
    /// Whether the sums begin here, at zero.
    let isFirst: Bool

    /// Adds the products of these rows to a result, or begins it.
    ///
    /// - Parameters:
    ///   - c: The result.
    ///   - stride: From one row of the result to the next.
    ///   - height: Rows of the result.
    ///   - width: Columns of the result.
    ///   - scratch: Room for the right operand as panels.
    func add(
        to c: UnsafeMutablePointer<Float>, stride: Int, height: Int, width: Int,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let panel = kernels.matrix.panelWidth
        let isInPlace =
            rows <= Self.fewRows || height <= Self.lowResult || bStride <= Self.closeRows
        if !isInPlace {
            kernels.matrix.packRows(
                b, scratch, PanelCopy(sourceStride: bStride, depth: rows, columns: width))
        }
        var block = MatrixBlock(
            a: (a, 1), b: isInPlace ? (b, panel) : (UnsafePointer(scratch), rows * panel),
            c: (c, stride), rows: height, columns: width, depth: rows)
        block.bStep = isInPlace ? bStride : 0
        block.aStep = aStride
        block.aTileStride = kernels.matrix.tileRows
        if !isFirst {
            block.start = UnsafePointer(c)
            block.startRowStride = stride
        }
        kernels.matrix.multiply(block)
    }

    /// Rows of the operands, and of the result, up to which copying the right operand costs more
    /// than reading it by steps of its rows.
    private static let fewRows = 256
    private static let lowResult = 64
    /// Floats from row to row up to which the right operand is read where it lies, as whole panels
    /// of it stay in the first-level cache.
    private static let closeRows = 128
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
