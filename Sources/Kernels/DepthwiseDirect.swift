import CMachine
import KernelInterface

// Small windows with stride 1, straight from the map: eight neighbouring outputs in registers, and
// each source vector is loaded once a tap row. All channels of a tile follow each other, so that
// memory is read in runs as long as the channels; with the many channels of an inner layer that
// is what bounds the time. The loops are `@_transparent`, so that `isInside` is a constant in each
// copy (5x5: 94 to 112 GFLOP/s); the compiler does not heed `@inline(__always)` for them.

/// Outputs of a row that are summed at once.
private let tile = 8

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
    for row in block.firstRow..<(block.firstRow + block.rowCount) {
        let start = row - geometry.padding.height
        let lower = lowerTap(start, 0, 1)
        let upper = upperTap(start, geometry.source.height, 1, side)
        let line = operands.x + start * geometry.source.width * geometry.sourceStride
        let target = operands.y + row * geometry.destination.width * channels
        var column = 0
        while column < geometry.destination.width {
            let first = column - geometry.padding.width
            let rest = geometry.destination.width - column
            let isInside = first >= 0 && first + tile + side - 1 <= window.width && rest >= tile
            let rows = lower..<(upper < lower ? lower : upper)
            let y = target + column * channels
            if side == 3 {
                if isInside {
                    convolve3(line, window, y, block, rows, first, rest, isInside: true)
                } else {
                    convolve3(line, window, y, block, rows, first, rest, isInside: false)
                }
            } else if isInside {
                convolve5(line, window, y, block, rows, first, rest, isInside: true)
            } else {
                convolve5(line, window, y, block, rows, first, rest, isInside: false)
            }
            column += tile
        }
    }
}

/// A vector of the line, or zeros outside it.
@inline(__always)
private func pixel(
    _ line: UnsafePointer<Float>, _ window: Window, _ column: Int, isInside: Bool
) -> Vector {
    if isInside || (column >= 0 && column < window.width) {
        return load(line + column * window.sourceStride)
    }
    return Vector(repeating: 0)
}

/// Asks for the source and destination pixels of a tile one row further down.
///
/// The memory of a wide map is strided here, which the hardware does not foresee: 56x56x256 takes
/// 1.5 ms for 4 samples instead of 2.8. Addresses behind the map do no harm.
@inline(__always)
private func prefetchNextRow(
    _ line: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ window: Window, _ first: Int
) {
    let source = line + (first < 0 ? 0 : first) * window.sourceStride
    let target = y + window.outputWidth * window.channels
    for pixel in 0..<tile {
        cm_prefetch(source + pixel * window.sourceStride)
        cm_prefetch_for_writing(target + pixel * window.channels)
    }
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
    _ block: DepthwiseBlock, _ rows: Range<Int>, _ first: Int, _ rest: Int, isInside: Bool
) {
    let step = window.tapStep
    let lineStep = window.width * window.sourceStride
    let end = block.firstChannel + block.channelCount
    var c = block.firstChannel
    while c < end {
        // The last vector of channels overlaps the one before.
        let at = c + Vector.scalarCount <= end ? c : end - Vector.scalarCount
        var s0 = Vector(repeating: 0)
        if let bias = window.bias { s0 = load(bias + at) }
        var (s1, s2, s3, s4) = (s0, s0, s0, s0)
        var (s5, s6, s7) = (s0, s0, s0)
        prefetchNextRow(line + (3 * lineStep + at), y + at, window, first)
        for row in rows {
            let weights = window.weights + (3 * row * step + at)
            let w0 = load(weights)
            let w1 = load(weights + step)
            let w2 = load(weights + 2 * step)
            let x = line + (row * lineStep + at)
            s0 = s0.addingProduct(pixel(x, window, first, isInside: isInside), w0)
            let x1 = pixel(x, window, first + 1, isInside: isInside)
            s0 = s0.addingProduct(x1, w1)
            s1 = s1.addingProduct(x1, w0)
            add3(pixel(x, window, first + 2, isInside: isInside), w0, w1, w2, &s0, &s1, &s2)
            add3(pixel(x, window, first + 3, isInside: isInside), w0, w1, w2, &s1, &s2, &s3)
            add3(pixel(x, window, first + 4, isInside: isInside), w0, w1, w2, &s2, &s3, &s4)
            add3(pixel(x, window, first + 5, isInside: isInside), w0, w1, w2, &s3, &s4, &s5)
            add3(pixel(x, window, first + 6, isInside: isInside), w0, w1, w2, &s4, &s5, &s6)
            add3(pixel(x, window, first + 7, isInside: isInside), w0, w1, w2, &s5, &s6, &s7)
            let x8 = pixel(x, window, first + 8, isInside: isInside)
            s6 = s6.addingProduct(x8, w2)
            s7 = s7.addingProduct(x8, w1)
            s7 = s7.addingProduct(pixel(x, window, first + 9, isInside: isInside), w2)
        }
        let target = y + at
        putPixels(s0, s1, s2, s3, target, window.channels, isInside ? tile : rest)
        putPixels(
            s4, s5, s6, s7, target + 4 * window.channels, window.channels,
            isInside ? tile : rest - 4)
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
    _ block: DepthwiseBlock, _ rows: Range<Int>, _ first: Int, _ rest: Int, isInside: Bool
) {
    let step = window.tapStep
    let lineStep = window.width * window.sourceStride
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
            let w0 = load(weights)
            let w1 = load(weights + step)
            let w2 = load(weights + 2 * step)
            let w3 = load(weights + 3 * step)
            let w4 = load(weights + 4 * step)
            let x = line + (row * lineStep + at)
            s0 = s0.addingProduct(pixel(x, window, first, isInside: isInside), w0)
            let x1 = pixel(x, window, first + 1, isInside: isInside)
            add2(x1, w0, w1, &s0, &s1)
            add3(pixel(x, window, first + 2, isInside: isInside), w0, w1, w2, &s0, &s1, &s2)
            let x3 = pixel(x, window, first + 3, isInside: isInside)
            s0 = s0.addingProduct(x3, w3)
            add3(x3, w0, w1, w2, &s1, &s2, &s3)
            let x4 = pixel(x, window, first + 4, isInside: isInside)
            add2(x4, w3, w4, &s0, &s1)
            add3(x4, w0, w1, w2, &s2, &s3, &s4)
            let x5 = pixel(x, window, first + 5, isInside: isInside)
            add2(x5, w3, w4, &s1, &s2)
            add3(x5, w0, w1, w2, &s3, &s4, &s5)
            let x6 = pixel(x, window, first + 6, isInside: isInside)
            add2(x6, w3, w4, &s2, &s3)
            add3(x6, w0, w1, w2, &s4, &s5, &s6)
            let x7 = pixel(x, window, first + 7, isInside: isInside)
            add2(x7, w3, w4, &s3, &s4)
            add3(x7, w0, w1, w2, &s5, &s6, &s7)
            let x8 = pixel(x, window, first + 8, isInside: isInside)
            add2(x8, w3, w4, &s4, &s5)
            add2(x8, w1, w2, &s6, &s7)
            add3(pixel(x, window, first + 9, isInside: isInside), w2, w3, w4, &s5, &s6, &s7)
            let x10 = pixel(x, window, first + 10, isInside: isInside)
            add2(x10, w3, w4, &s6, &s7)
            s7 = s7.addingProduct(pixel(x, window, first + 11, isInside: isInside), w4)
        }
        let target = y + at
        putPixels(s0, s1, s2, s3, target, window.channels, isInside ? tile : rest)
        putPixels(
            s4, s5, s6, s7, target + 4 * window.channels, window.channels,
            isInside ? tile : rest - 4)
        c += Vector.scalarCount
    }
}
