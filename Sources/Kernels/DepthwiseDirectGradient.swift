import KernelInterface

// The gradient of 3x3 and 5x5 weights, straight from the maps: eight neighbouring gradients in
// registers, each source vector loaded once a tap row.

/// Outputs of a row that are taken at once.
private let tile = 8

/// Eight neighbouring gradients of the output; what lies behind the row is 0.
private struct Gradients {
    let g0: Vector
    let g1: Vector
    let g2: Vector
    let g3: Vector
    let g4: Vector
    let g5: Vector
    let g6: Vector
    let g7: Vector
}

/// The extents of a source row and where the tile begins in it.
private struct Line {
    let width: Int
    let outputWidth: Int
    let channels: Int
    let first: Int
}

/// Sets the block's channels of so many rows of sums to 0.
@inline(__always)
func clearSums(
    _ sums: UnsafeMutablePointer<Float>, _ rows: Int, _ channels: Int, _ block: DepthwiseBlock
) {
    for row in 0..<rows {
        let target = sums + row * channels + block.firstChannel
        for c in 0..<block.channelCount { target[c] = 0 }
    }
}

/// Adds the gradient of one block to `sums`, which are set to 0 first.
@inline(__always)
func directWeightGradient(
    _ operands: DepthwiseGradientOperands, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock
) {
    let channels = geometry.channels
    let side = geometry.kernel.width
    clearSums(operands.sums, side * side + 1, channels, block)
    var column = 0
    while column < geometry.destination.width {
        let line = Line(
            width: geometry.source.width, outputWidth: geometry.destination.width,
            channels: channels, first: column - geometry.padding.width)
        let rest = geometry.destination.width - column
        let isInside =
            line.first >= 0 && line.first + tile + side - 1 <= line.width && rest >= tile
        for row in block.firstRow..<(block.firstRow + block.rowCount) {
            let start = row - geometry.padding.height
            let lower = lowerTap(start, 0, 1)
            let upper = upperTap(start, geometry.source.height, 1, side)
            let rows = lower..<(upper < lower ? lower : upper)
            let x = operands.x + start * geometry.source.width * channels
            let dy = operands.dy + (row * geometry.destination.width + column) * channels
            if isInside {
                addTile(x, dy, operands.sums, line, block, rows, rest, side, isInside: true)
            } else {
                addTile(x, dy, operands.sums, line, block, rows, rest, side, isInside: false)
            }
        }
        column += tile
    }
}

/// Adds what eight neighbouring gradients give to every tap, channel after channel.
@_transparent
private func addTile(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
    _ line: Line, _ block: DepthwiseBlock, _ rows: Range<Int>, _ rest: Int, _ side: Int,
    isInside: Bool
) {
    let end = block.firstChannel + block.channelCount
    let lineStep = line.width * line.channels
    var c = block.firstChannel
    while c < end {
        // The last vector of channels overlaps the one before, with gradients 0 there.
        let at = c + Vector.scalarCount <= end ? c : end - Vector.scalarCount
        let g = gradients(dy + at, line.channels, isInside ? tile : rest, c - at)
        let bias = sums + (side * side * line.channels + at)
        store(load(bias) + total(g), bias)
        if side == 3, rows.count == 3 {
            addWindow3(
                x + (line.first * line.channels + at), g, sums + at, line, isInside: isInside)
            c += Vector.scalarCount
            continue
        }
        for row in rows {
            let source = x + (row * lineStep + line.first * line.channels + at)
            let target = sums + (row * side * line.channels + at)
            if side == 3 {
                addRow3(source, g, target, line, isInside: isInside)
            } else {
                addRow5(source, g, target, line, isInside: isInside)
            }
        }
        c += Vector.scalarCount
    }
}

/// The sum of eight gradients, pair by pair.
@_transparent
private func total(_ g: Gradients) -> Vector {
    ((g.g0 + g.g1) + (g.g2 + g.g3)) + ((g.g4 + g.g5) + (g.g6 + g.g7))
}

/// Loads eight gradients; those from `count` on, and the first `skipped` lanes, are 0.
@_transparent
private func gradients(
    _ dy: UnsafePointer<Float>, _ step: Int, _ count: Int, _ skipped: Int
) -> Gradients {
    Gradients(
        g0: gradient(dy, 0 < count, skipped),
        g1: gradient(dy + step, 1 < count, skipped),
        g2: gradient(dy + 2 * step, 2 < count, skipped),
        g3: gradient(dy + 3 * step, 3 < count, skipped),
        g4: gradient(dy + 4 * step, 4 < count, skipped),
        g5: gradient(dy + 5 * step, 5 < count, skipped),
        g6: gradient(dy + 6 * step, 6 < count, skipped),
        g7: gradient(dy + 7 * step, 7 < count, skipped))
}

/// A gradient, or 0 if it is not used; the first `skipped` lanes are 0.
@_transparent
func gradient(_ dy: UnsafePointer<Float>, _ isUsed: Bool, _ skipped: Int) -> Vector {
    if !isUsed { return Vector(repeating: 0) }
    var value = load(dy)
    if skipped > 0 {
        for lane in 0..<skipped { value[lane] = 0 }
    }
    return value
}

/// Adds one source vector times three gradients to three taps.
@_transparent
private func add3(
    _ x: Vector, _ g2: Vector, _ g1: Vector, _ g0: Vector, _ a: inout Vector, _ b: inout Vector,
    _ c: inout Vector
) {
    a = a.addingProduct(x, g2)
    b = b.addingProduct(x, g1)
    c = c.addingProduct(x, g0)
}

/// The sums of the three taps of a row.
private struct TapRow {
    private var first: Vector
    private var second: Vector
    private var third: Vector

    @_transparent
    init(_ sums: UnsafePointer<Float>, _ step: Int) {
        first = load(sums)
        second = load(sums + step)
        third = load(sums + 2 * step)
    }

    /// Adds a source vector times the gradients of the outputs that the taps lead to.
    @_transparent
    mutating func add(_ x: Vector, _ g0: Vector, _ g1: Vector, _ g2: Vector) {
        first = first.addingProduct(x, g0)
        second = second.addingProduct(x, g1)
        third = third.addingProduct(x, g2)
    }

    /// Adds the first two pixels, which not all taps meet.
    @_transparent
    mutating func begin(_ x: TileRow, _ g: Gradients) {
        let next = pixel(x, 1)
        first = first.addingProduct(pixel(x, 0), g.g0)
        first = first.addingProduct(next, g.g1)
        second = second.addingProduct(next, g.g0)
    }

    /// Adds the last two pixels, which not all taps meet.
    @_transparent
    mutating func end(_ x: TileRow, _ g: Gradients) {
        let last = pixel(x, 8)
        second = second.addingProduct(last, g.g7)
        third = third.addingProduct(last, g.g6)
        third = third.addingProduct(pixel(x, 9), g.g7)
    }

    @_transparent
    func write(_ sums: UnsafeMutablePointer<Float>, _ step: Int) {
        store(first, sums)
        store(second, sums + step)
        store(third, sums + 2 * step)
    }
}

/// Adds eight gradients to all nine taps: as many sums as hide the latency of each.
@_transparent
private func addWindow3(
    _ source: UnsafePointer<Float>, _ g: Gradients, _ sums: UnsafeMutablePointer<Float>,
    _ line: Line, isInside: Bool
) {
    let step = line.channels
    let above = tileRow(source, line, isInside)
    let middle = tileRow(source + line.width * step, line, isInside)
    let below = tileRow(source + 2 * line.width * step, line, isInside)
    var a = TapRow(sums, step)
    var b = TapRow(sums + 3 * step, step)
    var c = TapRow(sums + 6 * step, step)
    a.begin(above, g)
    b.begin(middle, g)
    c.begin(below, g)
    a.add(pixel(above, 2), g.g2, g.g1, g.g0)
    b.add(pixel(middle, 2), g.g2, g.g1, g.g0)
    c.add(pixel(below, 2), g.g2, g.g1, g.g0)
    a.add(pixel(above, 3), g.g3, g.g2, g.g1)
    b.add(pixel(middle, 3), g.g3, g.g2, g.g1)
    c.add(pixel(below, 3), g.g3, g.g2, g.g1)
    a.add(pixel(above, 4), g.g4, g.g3, g.g2)
    b.add(pixel(middle, 4), g.g4, g.g3, g.g2)
    c.add(pixel(below, 4), g.g4, g.g3, g.g2)
    a.add(pixel(above, 5), g.g5, g.g4, g.g3)
    b.add(pixel(middle, 5), g.g5, g.g4, g.g3)
    c.add(pixel(below, 5), g.g5, g.g4, g.g3)
    a.add(pixel(above, 6), g.g6, g.g5, g.g4)
    b.add(pixel(middle, 6), g.g6, g.g5, g.g4)
    c.add(pixel(below, 6), g.g6, g.g5, g.g4)
    a.add(pixel(above, 7), g.g7, g.g6, g.g5)
    b.add(pixel(middle, 7), g.g7, g.g6, g.g5)
    c.add(pixel(below, 7), g.g7, g.g6, g.g5)
    a.end(above, g)
    b.end(middle, g)
    c.end(below, g)
    a.write(sums, step)
    b.write(sums + 3 * step, step)
    c.write(sums + 6 * step, step)
}

/// The pixels that the taps of a row meet in a tile.
@_transparent
private func tileRow(_ source: UnsafePointer<Float>, _ line: Line, _ isInside: Bool) -> TileRow {
    tileRow(
        source, stride: line.channels, width: line.width, first: line.first, isInside: isInside)
}

/// Adds eight gradients to the three taps of a row.
@_transparent
private func addRow3(
    _ source: UnsafePointer<Float>, _ g: Gradients, _ sums: UnsafeMutablePointer<Float>,
    _ line: Line, isInside: Bool
) {
    let x = tileRow(source, line, isInside)
    var taps = TapRow(sums, line.channels)
    taps.begin(x, g)
    taps.add(pixel(x, 2), g.g2, g.g1, g.g0)
    taps.add(pixel(x, 3), g.g3, g.g2, g.g1)
    taps.add(pixel(x, 4), g.g4, g.g3, g.g2)
    taps.add(pixel(x, 5), g.g5, g.g4, g.g3)
    taps.add(pixel(x, 6), g.g6, g.g5, g.g4)
    taps.add(pixel(x, 7), g.g7, g.g6, g.g5)
    taps.end(x, g)
    taps.write(sums, line.channels)
}

/// Adds eight gradients to the five taps of a row.
@_transparent
private func addRow5(
    _ source: UnsafePointer<Float>, _ g: Gradients, _ sums: UnsafeMutablePointer<Float>,
    _ line: Line, isInside: Bool
) {
    let x = tileRow(source, line, isInside)
    let step = line.channels
    var t0 = load(sums)
    var t1 = load(sums + step)
    var t2 = load(sums + 2 * step)
    var t3 = load(sums + 3 * step)
    var t4 = load(sums + 4 * step)
    t0 = t0.addingProduct(pixel(x, 0), g.g0)
    let x1 = pixel(x, 1)
    t0 = t0.addingProduct(x1, g.g1)
    t1 = t1.addingProduct(x1, g.g0)
    add3(pixel(x, 2), g.g2, g.g1, g.g0, &t0, &t1, &t2)
    let x3 = pixel(x, 3)
    add3(x3, g.g3, g.g2, g.g1, &t0, &t1, &t2)
    t3 = t3.addingProduct(x3, g.g0)
    let x4 = pixel(x, 4)
    add3(x4, g.g4, g.g3, g.g2, &t0, &t1, &t2)
    t3 = t3.addingProduct(x4, g.g1)
    t4 = t4.addingProduct(x4, g.g0)
    let x5 = pixel(x, 5)
    add3(x5, g.g5, g.g4, g.g3, &t0, &t1, &t2)
    t3 = t3.addingProduct(x5, g.g2)
    t4 = t4.addingProduct(x5, g.g1)
    let x6 = pixel(x, 6)
    add3(x6, g.g6, g.g5, g.g4, &t0, &t1, &t2)
    t3 = t3.addingProduct(x6, g.g3)
    t4 = t4.addingProduct(x6, g.g2)
    let x7 = pixel(x, 7)
    add3(x7, g.g7, g.g6, g.g5, &t0, &t1, &t2)
    t3 = t3.addingProduct(x7, g.g4)
    t4 = t4.addingProduct(x7, g.g3)
    let x8 = pixel(x, 8)
    t1 = t1.addingProduct(x8, g.g7)
    add3(x8, g.g6, g.g5, g.g4, &t2, &t3, &t4)
    let x9 = pixel(x, 9)
    add3(x9, g.g7, g.g6, g.g5, &t2, &t3, &t4)
    let x10 = pixel(x, 10)
    t3 = t3.addingProduct(x10, g.g7)
    t4 = t4.addingProduct(x10, g.g6)
    t4 = t4.addingProduct(pixel(x, 11), g.g7)
    store(t0, sums)
    store(t1, sums + step)
    store(t2, sums + 2 * step)
    store(t3, sums + 3 * step)
    store(t4, sums + 4 * step)
}
