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
func multiplyBlock(_ block: MatrixBlock) {
    let width = 2 &* Vector.scalarCount
    let isRowMajor = block.aTileStride == matrixTileRows &* block.aRowStride
    var column = 0
    var b = block.b
    while column < block.columns {
        if isRowMajor && block.columns &- column >= width {
            multiplyEvenTiles(block, b, column)
        } else {
            multiplyTiles(block, b, column)
        }
        if let epilogue = block.epilogue { finishPanel(block, column, epilogue) }
        column &+= width
        b += block.bPanelStride
    }
}

/// A whole panel by tiles of about equal height: none is so low that it waits for its sums.
@inline(__always)
func multiplyEvenTiles(_ block: MatrixBlock, _ b: UnsafePointer<Float>, _ column: Int) {
    let tiles = (block.rows &+ matrixTileRows &- 1) / matrixTileRows
    var tile = 0
    var row = 0
    while tile < tiles {
        let rows = (block.rows &- row) / (tiles &- tile)
        multiplyWide(block, block.a + row &* block.aRowStride, b, row, column, rows)
        row &+= rows
        tile &+= 1
    }
}

/// A panel by the tallest tiles that fit into the packed ones.
@inline(__always)
func multiplyTiles(_ block: MatrixBlock, _ b: UnsafePointer<Float>, _ column: Int) {
    let columns = block.columns &- column
    var row = 0
    while row < block.rows {
        let tile = row / matrixTileRows
        let inTile = row &- tile &* matrixTileRows
        let a = block.a + (tile &* block.aTileStride &+ inTile &* block.aRowStride)
        let rows = tileHeight(block.rows &- row, matrixTileRows &- inTile)
        if columns >= 2 &* Vector.scalarCount {
            multiplyWide(block, a, b, row, column, rows)
        } else if columns > Vector.scalarCount {
            multiplyEdge(block, a, b, row, column, rows)
        } else {
            multiplyNarrow(block, a, b, row, column, rows)
        }
        row &+= rows
    }
}

/// Runs the epilogue over the columns of one panel while they are in the first-level cache.
@inline(__always)
func finishPanel(_ block: MatrixBlock, _ column: Int, _ epilogue: MatrixEpilogue) {
    let width = 2 &* Vector.scalarCount
    let left = block.columns &- column
    var part = epilogue
    if let gate = epilogue.gate { part.gate = gate + column }
    if let scale = epilogue.scale { part.scale = scale + column }
    if let residual = epilogue.residual { part.residual = residual + column }
    if let scale = epilogue.residualScale { part.residualScale = scale + column }
    finishRows(
        block.c + column,
        MatrixPart(
            rows: block.rows, columns: left < width ? left : width, stride: block.cRowStride), part)
}

/// The tallest tile that fits into what is left of the block and of the packed tile.
@inline(__always)
func tileHeight(_ left: Int, _ inTile: Int) -> Int {
    let most = left < inTile ? left : inTile
    if most >= matrixTileRows { return matrixTileRows }
    if most >= 8 { return 8 }
    if most >= 4 { return 4 }
    return most >= 2 ? 2 : 1
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

/// A tile of one whole or partial vector a row.
@inline(__always)
func multiplyNarrow(
    _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int, _ rows: Int
) {
    switch rows {
    case matrixTileRows: narrowTile(matrixTileRows, block, a, b, row, column)
    #if KERNELS_V4
        case 8: narrowTile(8, block, a, b, row, column)
    #endif
    case 4: narrowTile(4, block, a, b, row, column)
    case 2: narrowTile(2, block, a, b, row, column)
    default: narrowTile(1, block, a, b, row, column)
    }
}

/// A tile of one whole and one partial vector a row.
@inline(__always)
func multiplyEdge(
    _ block: MatrixBlock, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ row: Int, _ column: Int, _ rows: Int
) {
    switch rows {
    case matrixTileRows: edgeTile(matrixTileRows, block, a, b, row, column)
    #if KERNELS_V4
        case 8: edgeTile(8, block, a, b, row, column)
    #endif
    case 4: edgeTile(4, block, a, b, row, column)
    case 2: edgeTile(2, block, a, b, row, column)
    default: edgeTile(1, block, a, b, row, column)
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
            right[i] = loadPart(source + lanes, rest)
        }
    }
    accumulateWide(
        rows, block, a, b, block.c + ((row &+ rows) &* block.cRowStride &+ column), &left, &right)
    for i in 0..<rows {
        let c = block.c + ((row &+ i) &* block.cRowStride &+ column)
        store(left[i], c)
        storePart(right[i], c + lanes, rest)
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
/// the hardware does not foresee.
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
    var run = a
    var b = b
    var k = 0
    while k < block.depth {
        let end = runEnd(block, k)
        var a = run
        while k < end {
            cm_prefetch(b + lead)
            cm_prefetch(b + (lead &+ Vector.scalarCount))
            let first = load(b)
            let second = load(b + Vector.scalarCount)
            let row = k & 15
            if row < rows { cm_prefetch(a + (below &+ row &* rowStride)) }
            if k < 2 &* rows {
                cm_prefetch_for_writing(
                    nextResult
                        + ((k &>> 1) &* block.cRowStride &+ (k & 1) &* Vector.scalarCount))
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
    var run = a
    var b = b
    var k = 0
    while k < block.depth {
        let end = runEnd(block, k)
        var a = run
        while k < end {
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

/// Reads the first `count` lanes, the rest zero.
@inline(__always)
func loadPart(_ source: UnsafePointer<Float>, _ count: Int) -> Vector {
    if count >= Vector.scalarCount { return load(source) }
    var value = Vector(repeating: 0)
    var i = 0
    while i < count {
        value[i] = source[i]
        i &+= 1
    }
    return value
}

/// Writes the first `count` lanes.
@inline(__always)
func storePart(_ value: Vector, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    if count >= Vector.scalarCount {
        store(value, destination)
        return
    }
    var i = 0
    while i < count {
        destination[i] = value[i]
        i &+= 1
    }
}
