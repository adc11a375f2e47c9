import CMachine
import KernelInterface

// Small windows with stride 1, straight from the map: eight neighbouring outputs in registers, and
// each source vector is loaded once a tap row. All channels of a tile follow each other, so that
// memory is read in runs as long as the channels; with the many channels of an inner layer that
// is what bounds the time. The loops are `@_transparent`, so that `isInside` is a constant in each
// copy (5x5: 94 to 112 GFLOP/s); the compiler does not heed `@inline(__always)` for them.

/// Outputs of a row that are summed at once; seven of them where that wastes fewer, as in rows of
/// 28, 14 and 7.
private let tile = 8

/// Whether tiles of seven outputs cover a row with fewer beyond its end.
@inline(__always)
private func isNarrow(_ width: Int) -> Bool { (width + 6) / 7 * 7 < (width + 7) / 8 * 8 }

/// What the loops over rows and tiles need.
private struct Window {
    let width: Int
    let outputWidth: Int
    let channels: Int
    /// From one pixel of the source to the next.
    let sourceStride: Int
    /// From one tap to the next in the weights; negative when they are turned around.
    let tapStep: Int
    /// The weights of the first tap.
    let weights: UnsafePointer<Float>
    let bias: UnsafePointer<Float>?
}

/// Whether the direct loops serve these sizes; blocks then have at least a vector of channels.
@inline(__always)
func isDirect(_ geometry: DepthwiseGeometry) -> Bool {
    let side = geometry.kernel.width
    return geometry.stride == 1 && geometry.dilation == 1 && geometry.spacing == 1
        && geometry.kernel.height == side && (side == 3 || side == 5)
        && geometry.channels >= Vector.scalarCount
}

/// Computes one block of a 3x3 or 5x5 convolution.
@inline(__always)
func convolveDirect(
    _ operands: DepthwiseOperands, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock,
    isFlipped: Bool
) {
    let channels = geometry.channels
    let side = geometry.kernel.width
    let last = (side * side - 1) * channels
    let window = Window(
        width: geometry.source.width, outputWidth: geometry.destination.width, channels: channels,
        sourceStride: geometry.sourceStride, tapStep: isFlipped ? -channels : channels,
        weights: operands.weight + (isFlipped ? last : 0), bias: operands.bias)
    if isNarrow(geometry.destination.width) {
        convolveStrips(operands, window, block, geometry, isNarrow: true)
    } else {
        convolveStrips(operands, window, block, geometry, isNarrow: false)
    }
}

/// Computes a block by tiles, each down all rows, so that the rows that a tile shares with the
/// next come from the first-level cache.
@_transparent
private func convolveStrips(
    _ operands: DepthwiseOperands, _ window: Window, _ block: DepthwiseBlock,
    _ geometry: DepthwiseGeometry, isNarrow: Bool
) {
    let outputs = isNarrow ? 7 : tile
    let side = geometry.kernel.width
    var column = 0
    while column < geometry.destination.width {
        let first = column - geometry.padding.width
        let left = geometry.destination.width - column
        let rest = left < outputs ? left : outputs
        let isInside = first >= 0 && first + outputs + side - 1 <= window.width && left >= outputs
        for row in block.firstRow..<(block.firstRow + block.rowCount) {
            let start = row - geometry.padding.height
            let lower = lowerTap(start, 0, 1)
            let upper = upperTap(start, geometry.source.height, 1, side)
            let rows = lower..<(upper < lower ? lower : upper)
            let line = operands.x + start * window.width * window.sourceStride
            let y = operands.y + (row * window.outputWidth + column) * window.channels
            if side == 3 {
                if isInside {
                    convolve3(line, window, y, block, rows, first, rest, isNarrow, isInside: true)
                } else {
                    convolve3(line, window, y, block, rows, first, rest, isNarrow, isInside: false)
                }
            } else if isInside {
                convolve5(line, window, y, block, rows, first, rest, isNarrow, isInside: true)
            } else {
                convolve5(line, window, y, block, rows, first, rest, isNarrow, isInside: false)
            }
        }
        column += outputs
    }
}

/// The source pixels of a tile in one row.
///
/// Not a type of its own: the functions that copy one would be shared between instruction sets.
typealias TileRow = (x: UnsafePointer<Float>, step: Int, width: Int, first: Int, isInside: Bool)

/// Begins at a column of the padded source.
///
/// A constant `isInside` says that all pixels are in the map. Of the distance of pixels the
/// compiler is told nothing: it would keep the place of each, more of them than there are
/// registers (3x3 went from 88 to 106 GFLOP/s a core).
@_transparent
func tileRow(
    _ x: UnsafePointer<Float>, stride: Int, width: Int, first: Int, isInside: Bool
) -> TileRow {
    (x, cm_opaque(stride), width, first, isInside)
}

/// A vector of channels, zeros outside of the map.
@_transparent
func pixel(_ row: TileRow, _ column: Int) -> Vector {
    if row.isInside || (row.first + column >= 0 && row.first + column < row.width) {
        return load(row.x + column &* row.step)
    }
    return Vector(repeating: 0)
}

/// One pixel into two neighbouring sums, by the taps that reach them.
@inline(__always)
private func add2(
    _ x: Vector, _ w0: Vector, _ w1: Vector, _ s0: inout Vector, _ s1: inout Vector
) {
    s0 = s0.addingProduct(x, w1)
    s1 = s1.addingProduct(x, w0)
}

/// Adds one source vector to the three outputs that it reaches.
@inline(__always)
private func add3(
    _ x: Vector, _ w0: Vector, _ w1: Vector, _ w2: Vector, _ a: inout Vector, _ b: inout Vector,
    _ c: inout Vector
) {
    a = a.addingProduct(x, w2)
    b = b.addingProduct(x, w1)
    c = c.addingProduct(x, w0)
}

@_transparent
private func convolve3(
    _ line: UnsafePointer<Float>, _ window: Window, _ y: UnsafeMutablePointer<Float>,
    _ block: DepthwiseBlock, _ rows: Range<Int>, _ first: Int, _ rest: Int, _ isNarrow: Bool,
    isInside: Bool
) {
    let (step, stride) = (window.tapStep, window.sourceStride)
    let lineStep = window.width * stride
    let end = block.firstChannel + block.channelCount
    var c = block.firstChannel
    while c < end {
        // The last vector of channels overlaps the one before.
        let at = c + Vector.scalarCount <= end ? c : end - Vector.scalarCount
        var s0 = Vector(repeating: 0)
        if let bias = window.bias { s0 = load(bias + at) }
        var (s1, s2, s3, s4) = (s0, s0, s0, s0)
        var (s5, s6, s7) = (s0, s0, s0)
        for row in rows {
            let weights = window.weights + (3 * row * step + at)
            let w0 = load(weights)
            let w1 = load(weights + step)
            let w2 = load(weights + 2 * step)
            let x = tileRow(
                line + (row * lineStep + first * stride + at), stride: stride, width: window.width,
                first: first, isInside: isInside)
            s0 = s0.addingProduct(pixel(x, 0), w0)
            let x1 = pixel(x, 1)
            s0 = s0.addingProduct(x1, w1)
            s1 = s1.addingProduct(x1, w0)
            add3(pixel(x, 2), w0, w1, w2, &s0, &s1, &s2)
            add3(pixel(x, 3), w0, w1, w2, &s1, &s2, &s3)
            add3(pixel(x, 4), w0, w1, w2, &s2, &s3, &s4)
            add3(pixel(x, 5), w0, w1, w2, &s3, &s4, &s5)
            add3(pixel(x, 6), w0, w1, w2, &s4, &s5, &s6)
            let x7 = pixel(x, 7)
            let x8 = pixel(x, 8)
            add2(x7, w1, w2, &s5, &s6)
            s6 = s6.addingProduct(x8, w2)
            if isNarrow { continue }
            s7 = s7.addingProduct(x7, w0)
            s7 = s7.addingProduct(x8, w1)
            s7 = s7.addingProduct(pixel(x, 9), w2)
        }
        let target = y + at
        let outputs = isInside ? (isNarrow ? 7 : tile) : rest
        putPixels(s0, s1, s2, s3, target, window.channels, outputs)
        putPixels(s4, s5, s6, s7, target + 4 * window.channels, window.channels, outputs - 4)
        c += Vector.scalarCount
    }
}

/// Writes up to four pixels.
@inline(__always)
func putPixels(
    _ s0: Vector, _ s1: Vector, _ s2: Vector, _ s3: Vector,
    _ y: UnsafeMutablePointer<Float>, _ channels: Int, _ count: Int
) {
    if count > 0 { store(s0, y) }
    if count > 1 { store(s1, y + channels) }
    if count > 2 { store(s2, y + 2 * channels) }
    if count > 3 { store(s3, y + 3 * channels) }
}

@_transparent
private func convolve5(
    _ line: UnsafePointer<Float>, _ window: Window, _ y: UnsafeMutablePointer<Float>,
    _ block: DepthwiseBlock, _ rows: Range<Int>, _ first: Int, _ rest: Int, _ isNarrow: Bool,
    isInside: Bool
) {
    let (step, stride) = (window.tapStep, window.sourceStride)
    let lineStep = window.width * stride
    let end = block.firstChannel + block.channelCount
    var c = block.firstChannel
    while c < end {
        let at = c + Vector.scalarCount <= end ? c : end - Vector.scalarCount
        var s0 = Vector(repeating: 0)
        if let bias = window.bias { s0 = load(bias + at) }
        var (s1, s2, s3, s4) = (s0, s0, s0, s0)
        var (s5, s6, s7) = (s0, s0, s0)
        for row in rows {
            let weights = window.weights + (5 * row * step + at)
            let (w0, w1) = (load(weights), load(weights + step))
            let (w2, w3) = (load(weights + 2 * step), load(weights + 3 * step))
            let w4 = load(weights + 4 * step)
            let x = tileRow(
                line + (row * lineStep + first * stride + at), stride: stride, width: window.width,
                first: first, isInside: isInside)
            s0 = s0.addingProduct(pixel(x, 0), w0)
            let x1 = pixel(x, 1)
            add2(x1, w0, w1, &s0, &s1)
            add3(pixel(x, 2), w0, w1, w2, &s0, &s1, &s2)
            let x3 = pixel(x, 3)
            s0 = s0.addingProduct(x3, w3)
            add3(x3, w0, w1, w2, &s1, &s2, &s3)
            let x4 = pixel(x, 4)
            add2(x4, w3, w4, &s0, &s1)
            add3(x4, w0, w1, w2, &s2, &s3, &s4)
            let x5 = pixel(x, 5)
            add2(x5, w3, w4, &s1, &s2)
            add3(x5, w0, w1, w2, &s3, &s4, &s5)
            let x6 = pixel(x, 6)
            add2(x6, w3, w4, &s2, &s3)
            add3(x6, w0, w1, w2, &s4, &s5, &s6)
            let x7 = pixel(x, 7)
            add2(x7, w3, w4, &s3, &s4)
            add2(x7, w1, w2, &s5, &s6)
            let x8 = pixel(x, 8)
            add3(x8, w2, w3, w4, &s4, &s5, &s6)
            let x9 = pixel(x, 9)
            add2(x9, w3, w4, &s5, &s6)
            let x10 = pixel(x, 10)
            s6 = s6.addingProduct(x10, w4)
            if isNarrow { continue }
            s7 = s7.addingProduct(x7, w0).addingProduct(x8, w1)
            s7 = s7.addingProduct(x9, w2).addingProduct(x10, w3)
            s7 = s7.addingProduct(pixel(x, 11), w4)
        }
        let target = y + at
        let outputs = isInside ? (isNarrow ? 7 : tile) : rest
        putPixels(s0, s1, s2, s3, target, window.channels, outputs)
        putPixels(s4, s5, s6, s7, target + 4 * window.channels, window.channels, outputs - 4)
        c += Vector.scalarCount
    }
}
