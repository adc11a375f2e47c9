import CMachine
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
    for row in block.firstRow..<(block.firstRow + block.rowCount) {
        let start = row - geometry.padding.height
        let lower = lowerTap(start, 0, 1)
        let upper = upperTap(start, geometry.source.height, 1, side)
        let rows = lower..<(upper < lower ? lower : upper)
        let x = operands.x + start * geometry.source.width * channels
        let dy = operands.dy + row * geometry.destination.width * channels
        var column = 0
        while column < geometry.destination.width {
            let line = Line(
                width: geometry.source.width, outputWidth: geometry.destination.width,
                channels: channels, first: column - geometry.padding.width)
            let rest = geometry.destination.width - column
            let isInside =
                line.first >= 0 && line.first + tile + side - 1 <= line.width && rest >= tile
            let gradient = dy + column * channels
            if isInside {
                addTile(x, gradient, operands.sums, line, block, rows, rest, side, isInside: true)
            } else {
                addTile(x, gradient, operands.sums, line, block, rows, rest, side, isInside: false)
            }
            column += tile
        }
    }
}

/// Adds what eight neighbouring gradients give to every tap, channel after channel.
@inline(__always)
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
        prefetchNextRow(
            x + (side * lineStep + at), dy + (line.outputWidth * line.channels + at), line)
        for row in rows {
            let source = x + (row * lineStep + at)
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

/// Asks for the pixels of a tile one row further down, as the convolution does.
@inline(__always)
private func prefetchNextRow(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ line: Line
) {
    let source = x + (line.first < 0 ? 0 : line.first) * line.channels
    for pixel in 0..<tile {
        cm_prefetch(source + pixel * line.channels)
        cm_prefetch(dy + pixel * line.channels)
    }
}

/// The sum of eight gradients, pair by pair.
@inline(__always)
private func total(_ g: Gradients) -> Vector {
    ((g.g0 + g.g1) + (g.g2 + g.g3)) + ((g.g4 + g.g5) + (g.g6 + g.g7))
}

/// Loads eight gradients; those from `count` on, and the first `skipped` lanes, are 0.
@inline(__always)
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
@inline(__always)
func gradient(_ dy: UnsafePointer<Float>, _ isUsed: Bool, _ skipped: Int) -> Vector {
    if !isUsed { return Vector(repeating: 0) }
    var value = load(dy)
    if skipped > 0 {
        for lane in 0..<skipped { value[lane] = 0 }
    }
    return value
}

/// A vector of the line, or zeros outside it.
@inline(__always)
private func pixel(
    _ x: UnsafePointer<Float>, _ line: Line, _ offset: Int, isInside: Bool
) -> Vector {
    let column = line.first + offset
    if isInside || (column >= 0 && column < line.width) { return load(x + column * line.channels) }
    return Vector(repeating: 0)
}

/// Adds one source vector times three gradients to three taps.
@inline(__always)
private func add3(
    _ x: Vector, _ g2: Vector, _ g1: Vector, _ g0: Vector, _ a: inout Vector, _ b: inout Vector,
    _ c: inout Vector
) {
    a = a.addingProduct(x, g2)
    b = b.addingProduct(x, g1)
    c = c.addingProduct(x, g0)
}

@inline(__always)
private func addRow3(
    _ x: UnsafePointer<Float>, _ g: Gradients, _ sums: UnsafeMutablePointer<Float>, _ line: Line,
    isInside: Bool
) {
    let step = line.channels
    var t0 = load(sums)
    var t1 = load(sums + step)
    var t2 = load(sums + 2 * step)
    t0 = t0.addingProduct(pixel(x, line, 0, isInside: isInside), g.g0)
    let x1 = pixel(x, line, 1, isInside: isInside)
    t0 = t0.addingProduct(x1, g.g1)
    t1 = t1.addingProduct(x1, g.g0)
    add3(pixel(x, line, 2, isInside: isInside), g.g2, g.g1, g.g0, &t0, &t1, &t2)
    add3(pixel(x, line, 3, isInside: isInside), g.g3, g.g2, g.g1, &t0, &t1, &t2)
    add3(pixel(x, line, 4, isInside: isInside), g.g4, g.g3, g.g2, &t0, &t1, &t2)
    add3(pixel(x, line, 5, isInside: isInside), g.g5, g.g4, g.g3, &t0, &t1, &t2)
    add3(pixel(x, line, 6, isInside: isInside), g.g6, g.g5, g.g4, &t0, &t1, &t2)
    add3(pixel(x, line, 7, isInside: isInside), g.g7, g.g6, g.g5, &t0, &t1, &t2)
    let x8 = pixel(x, line, 8, isInside: isInside)
    t1 = t1.addingProduct(x8, g.g7)
    t2 = t2.addingProduct(x8, g.g6)
    t2 = t2.addingProduct(pixel(x, line, 9, isInside: isInside), g.g7)
    store(t0, sums)
    store(t1, sums + step)
    store(t2, sums + 2 * step)
}

@inline(__always)
private func addRow5(
    _ x: UnsafePointer<Float>, _ g: Gradients, _ sums: UnsafeMutablePointer<Float>, _ line: Line,
    isInside: Bool
) {
    let step = line.channels
    var t0 = load(sums)
    var t1 = load(sums + step)
    var t2 = load(sums + 2 * step)
    var t3 = load(sums + 3 * step)
    var t4 = load(sums + 4 * step)
    t0 = t0.addingProduct(pixel(x, line, 0, isInside: isInside), g.g0)
    let x1 = pixel(x, line, 1, isInside: isInside)
    t0 = t0.addingProduct(x1, g.g1)
    t1 = t1.addingProduct(x1, g.g0)
    add3(pixel(x, line, 2, isInside: isInside), g.g2, g.g1, g.g0, &t0, &t1, &t2)
    let x3 = pixel(x, line, 3, isInside: isInside)
    add3(x3, g.g3, g.g2, g.g1, &t0, &t1, &t2)
    t3 = t3.addingProduct(x3, g.g0)
    let x4 = pixel(x, line, 4, isInside: isInside)
    add3(x4, g.g4, g.g3, g.g2, &t0, &t1, &t2)
    t3 = t3.addingProduct(x4, g.g1)
    t4 = t4.addingProduct(x4, g.g0)
    let x5 = pixel(x, line, 5, isInside: isInside)
    add3(x5, g.g5, g.g4, g.g3, &t0, &t1, &t2)
    t3 = t3.addingProduct(x5, g.g2)
    t4 = t4.addingProduct(x5, g.g1)
    let x6 = pixel(x, line, 6, isInside: isInside)
    add3(x6, g.g6, g.g5, g.g4, &t0, &t1, &t2)
    t3 = t3.addingProduct(x6, g.g3)
    t4 = t4.addingProduct(x6, g.g2)
    let x7 = pixel(x, line, 7, isInside: isInside)
    add3(x7, g.g7, g.g6, g.g5, &t0, &t1, &t2)
    t3 = t3.addingProduct(x7, g.g4)
    t4 = t4.addingProduct(x7, g.g3)
    let x8 = pixel(x, line, 8, isInside: isInside)
    t1 = t1.addingProduct(x8, g.g7)
    add3(x8, g.g6, g.g5, g.g4, &t2, &t3, &t4)
    let x9 = pixel(x, line, 9, isInside: isInside)
    add3(x9, g.g7, g.g6, g.g5, &t2, &t3, &t4)
    let x10 = pixel(x, line, 10, isInside: isInside)
    t3 = t3.addingProduct(x10, g.g7)
    t4 = t4.addingProduct(x10, g.g6)
    t4 = t4.addingProduct(pixel(x, line, 11, isInside: isInside), g.g7)
    store(t0, sums)
    store(t1, sums + step)
    store(t2, sums + 2 * step)
    store(t3, sums + 3 * step)
    store(t4, sums + 4 * step)
}
