import CMachine
import KernelInterface

#if KERNELS_V4
    /// Rows of a register tile: 12 rows of two vectors fill 24 of 32 registers.
    let matrixTileRows = 12
#else
    /// Rows of a register tile: 6 rows of two vectors fill 12 of 16 registers.
    let matrixTileRows = 6
#endif

/// Sums of one tile, the two vectors of a row in two arrays.
///
/// Constant `rows` after inlining keep all of it in registers.
typealias TileSums = InlineArray<12, Vector>

/// Sums that begin at zero; a literal, since `init(repeating:)` would become a shared function.
@inline(__always)
func zeroSums() -> TileSums {
    let zero = Vector(repeating: 0)
    return [zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero]
}

/// Computes one block, panel by panel, each down all rows so that the panel stays in the cache.
@Sendable
func multiplyBlock(_ whole: MatrixBlock) {
    let width = 2 &* Vector.scalarCount
    var block = whole
    var column = 0
    var b = block.b
    while column < block.columns {
        multiplyPanel(&block, b, column)
        column &+= width
        b += block.bPanelStride
    }
}

/// A panel by tiles: of about equal height, so that none is so low that it waits for its sums, or
/// the tallest that fit into packed ones.
///
/// Each takes its share of what the block asks for ahead.
@inline(__always)
func multiplyPanel(_ block: inout MatrixBlock, _ b: UnsafePointer<Float>, _ column: Int) {
    let isRowMajor = block.aTileStride == matrixTileRows &* block.aRowStride
    var tiles = (block.rows &+ matrixTileRows &- 1) / matrixTileRows
    var row = 0
    while row < block.rows {
        let tile = row / matrixTileRows
        let inTile = row &- tile &* matrixTileRows
        if isRowMajor {
            let rows = (block.rows &- row) / tiles
            multiplyTile(block, block.a + row &* block.aRowStride, b, row, column, rows)
            tiles &-= 1
            row &+= rows
        } else {
            let left = block.rows &- row
            let rest = matrixTileRows &- inTile
            let a = block.a + (tile &* block.aTileStride &+ inTile &* block.aRowStride)
            let rows = left < rest ? left : rest
            multiplyTile(block, a, b, row, column, rows)
            row &+= rows
        }
        block.ahead += block.depth &* block.aheadStep
    }
}

/// A tile of two whole vectors a row, of a whole and a partial one, or of one; what follows its
/// sums is done while they are in the first-level cache.
@inline(__always)
func multiplyTile(
    _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int, _ rows: Int
) {
    let columns = block.columns &- column
    if columns >= 2 &* Vector.scalarCount {
        multiplyWide(block, a, b, row, column, rows)
    } else if columns > Vector.scalarCount {
        multiplyEdge(block, a, b, row, column, rows)
    } else {
        multiplyNarrow(block, a, b, row, column, rows)
    }
    if let epilogue = block.epilogue { finishTile(block, row, rows, column, epilogue) }
}

/// Runs the epilogue over a tile.
@inline(__always)
func finishTile(
    _ block: MatrixBlock, _ row: Int, _ rows: Int, _ column: Int, _ epilogue: MatrixEpilogue
) {
    let width = 2 &* Vector.scalarCount
    let left = block.columns &- column
    let offset = row &* block.cRowStride &+ column
    var part = epilogue
    if let gate = epilogue.gate { part.gate = gate + offset }
    if let scale = epilogue.scale { part.scale = scale + column }
    if let residual = epilogue.residual { part.residual = residual + offset }
    if let scale = epilogue.residualScale { part.residualScale = scale + column }
    finishRows(
        block.c + offset,
        MatrixPart(rows: rows, columns: left < width ? left : width, stride: block.cRowStride),
        part)
}

/// A tile of two whole vectors a row.
@inline(never)
func multiplyWide(
    _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int, _ rows: Int
) {
    switch rows {
    #if KERNELS_V4
        case 12: wideTile(12, block, a, b, row, column)
        case 11: wideTile(11, block, a, b, row, column)
        case 10: wideTile(10, block, a, b, row, column)
        case 9: wideTile(9, block, a, b, row, column)
        case 8: wideTile(8, block, a, b, row, column)
        case 7: wideTile(7, block, a, b, row, column)
    #endif
    case 6: wideTile(6, block, a, b, row, column)
    case 5: wideTile(5, block, a, b, row, column)
    case 4: wideTile(4, block, a, b, row, column)
    case 3: wideTile(3, block, a, b, row, column)
    case 2: wideTile(2, block, a, b, row, column)
    default: wideTile(1, block, a, b, row, column)
    }
}

/// A tile of one whole and one partial vector a row.
@inline(never)
func multiplyEdge(
    _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int, _ rows: Int
) {
    switch rows {
    #if KERNELS_V4
        case 12: edgeTile(12, block, a, b, row, column)
        case 11: edgeTile(11, block, a, b, row, column)
        case 10: edgeTile(10, block, a, b, row, column)
        case 9: edgeTile(9, block, a, b, row, column)
        case 8: edgeTile(8, block, a, b, row, column)
        case 7: edgeTile(7, block, a, b, row, column)
    #endif
    case 6: edgeTile(6, block, a, b, row, column)
    case 5: edgeTile(5, block, a, b, row, column)
    case 4: edgeTile(4, block, a, b, row, column)
    case 3: edgeTile(3, block, a, b, row, column)
    case 2: edgeTile(2, block, a, b, row, column)
    default: edgeTile(1, block, a, b, row, column)
    }
}

/// A tile of one whole or partial vector a row.
@inline(never)
func multiplyNarrow(
    _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int, _ rows: Int
) {
    switch rows {
    #if KERNELS_V4
        case 12: narrowTile(12, block, a, b, row, column)
        case 11: narrowTile(11, block, a, b, row, column)
        case 10: narrowTile(10, block, a, b, row, column)
        case 9: narrowTile(9, block, a, b, row, column)
        case 8: narrowTile(8, block, a, b, row, column)
        case 7: narrowTile(7, block, a, b, row, column)
    #endif
    case 6: narrowTile(6, block, a, b, row, column)
    case 5: narrowTile(5, block, a, b, row, column)
    case 4: narrowTile(4, block, a, b, row, column)
    case 3: narrowTile(3, block, a, b, row, column)
    case 2: narrowTile(2, block, a, b, row, column)
    default: narrowTile(1, block, a, b, row, column)
    }
}

@inline(__always)
func wideTile(
    _ rows: Int, _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int
) {
    let lanes = Vector.scalarCount
    var left = zeroSums()
    var right = zeroSums()
    if let start = block.start {
        for i in 0..<rows {
            let source = start + ((row &+ i) &* block.startRowStride &+ column)
            left[i] = load(source)
            right[i] = load(source + lanes)
        }
    }
    accumulateWide(
        rows, block, a, b, block.c + ((row &+ rows) &* block.cRowStride &+ column), &left, &right)
    for i in 0..<rows {
        let c = block.c + ((row &+ i) &* block.cRowStride &+ column)
        store(left[i], c)
        store(right[i], c + lanes)
    }
}

@inline(__always)
func edgeTile(
    _ rows: Int, _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int
) {
    let lanes = Vector.scalarCount
    let rest = block.columns &- column &- lanes
    var left = zeroSums()
    var right = zeroSums()
    if let start = block.start {
        for i in 0..<rows {
            let source = start + ((row &+ i) &* block.startRowStride &+ column)
            left[i] = load(source)
            right[i] = loadPartial(source + lanes, rest)
        }
    }
    accumulateWide(
        rows, block, a, b, block.c + ((row &+ rows) &* block.cRowStride &+ column), &left, &right)
    for i in 0..<rows {
        let c = block.c + ((row &+ i) &* block.cRowStride &+ column)
        store(left[i], c)
        storePartial(right[i], c + lanes, rest)
    }
}

@inline(__always)
func narrowTile(
    _ rows: Int, _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int
) {
    let columns = block.columns &- column
    var sums = zeroSums()
    if let start = block.start {
        for i in 0..<rows {
            sums[i] = loadPart(
                start + ((row &+ i) &* block.startRowStride &+ column), columns)
        }
    }
    accumulateNarrow(rows, block, a, b, &sums)
    for i in 0..<rows {
        storePart(sums[i], block.c + ((row &+ i) &* block.cRowStride &+ column), columns)
    }
}

/// The inner loop: one broadcast and two multiply-adds for each row and step.
///
/// Rows are taken in two loops of at most six, which the compiler unrolls into registers; one
/// loop of twelve stays a loop over memory, at two fifths of the rate. Meanwhile each step asks for
/// one line of the tile below, of the left operand and of the result: their rows lie apart, which
/// the hardware does not foresee; for one of the residual; and for what the block says beside.
@inline(__always)
func accumulateWide(
    _ rows: Int, _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ nextResult: UnsafeMutablePointer<Float>, _ left: inout TileSums, _ right: inout TileSums
) {
    let rowStride = block.aRowStride
    let step = block.aStep
    let below = rows &* rowStride
    let bStep = block.bStep == 0 ? 2 &* Vector.scalarCount : block.bStep
    let lead = panelLead &* bStep
    let aside = residual(of: block, at: nextResult, rowsBefore: rows)
    let aheadStep = block.aheadStep
    var ahead = block.ahead
    var run = a
    var b = b
    var k = 0
    while k < block.depth {
        let end = runEnd(block, k)
        var a = run
        while k < end {
            cm_prefetch(b + lead)
            // Two vectors are two lines with AVX-512 and one with AVX2, which has neither loads nor
            // registers to spare for more.
            if Vector.scalarCount > 8 {
                cm_prefetch(b + (lead &+ Vector.scalarCount))
                cm_prefetch(ahead)
                cm_prefetch(ahead + Vector.scalarCount)
                ahead += aheadStep
            }
            let first = load(b)
            let second = load(b + Vector.scalarCount)
            let row = k & 15
            if row < rows { cm_prefetch(a + (below &+ row &* rowStride)) }
            if k < 2 &* rows {
                let place = (k &>> 1) &* block.cRowStride &+ (k & 1) &* Vector.scalarCount
                cm_prefetch_for_writing(nextResult + place)
                if Vector.scalarCount > 8 { cm_prefetch(aside + place) }
            }
            for i in 0..<(rows < 6 ? rows : 6) {
                let value = Vector(repeating: a[i &* rowStride])
                left[i].addProduct(value, first)
                right[i].addProduct(value, second)
            }
            if rows > 6 {
                for i in 6..<rows {
                    let value = Vector(repeating: a[i &* rowStride])
                    left[i].addProduct(value, first)
                    right[i].addProduct(value, second)
                }
            }
            a += step
            b += bStep
            k &+= 1
        }
        run += block.aRunStride
    }
}

/// The residual of the tile before a place of the result; without one the tile itself.
@inline(__always)
func residual(
    of block: MatrixBlock, at next: UnsafeMutablePointer<Float>, rowsBefore rows: Int
) -> UnsafePointer<Float> {
    let tile = UnsafePointer(next) - rows &* block.cRowStride
    guard let residual = block.epilogue?.residual else { return tile }
    return residual + (tile - UnsafePointer(block.c))
}

/// Steps that a panel is asked for ahead: a page, where the hardware's own foresight ends.
private let panelLead = 32

/// The end of a run of columns that begins at `k`.
@inline(__always)
func runEnd(_ block: MatrixBlock, _ k: Int) -> Int {
    let rest = block.depth &- k
    return k &+ (block.aRun < rest ? block.aRun : rest)
}

/// The inner loop of a tile of one vector a row.
@inline(__always)
func accumulateNarrow(
    _ rows: Int, _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ sums: inout TileSums
) {
    let rowStride = block.aRowStride
    let step = block.aStep
    let bStep = block.bStep == 0 ? Vector.scalarCount : block.bStep
    let lead = panelLead &* bStep
    var run = a
    var b = b
    var k = 0
    while k < block.depth {
        let end = runEnd(block, k)
        var a = run
        while k < end {
            cm_prefetch(b + lead)
            let value = load(b)
            for i in 0..<(rows < 6 ? rows : 6) {
                sums[i].addProduct(Vector(repeating: a[i &* rowStride]), value)
            }
            if rows > 6 {
                for i in 6..<rows {
                    sums[i].addProduct(Vector(repeating: a[i &* rowStride]), value)
                }
            }
            a += step
            b += bStep
            k &+= 1
        }
        run += block.aRunStride
    }
}
