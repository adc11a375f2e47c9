import KernelInterface

// Kernels of one row or one column, straight from the map: eight neighbouring outputs in
// registers, tap after tap, all channels of a tile following each other. A tap of a column meets
// whole rows; a tap of a row may meet a part of the tile alone, at the borders of the map.

/// Outputs of a row that are taken at once.
private let tile = 8

/// What the loops over tiles and taps need.
private struct TapLine {
    let width: Int
    let channels: Int
    /// Columns from one tap to the next: the dilation, or 0 for a column.
    let columnStep: Int
    /// Floats from the pixel of one tap to that of the next.
    let sourceStep: Int
    /// From one tap to the next in the weights; negative when they are turned around.
    let weightStep: Int

    @inline(__always)
    init(_ geometry: DepthwiseGeometry, isFlipped: Bool) {
        let isRow = geometry.kernel.height == 1
        width = geometry.source.width
        channels = geometry.channels
        columnStep = isRow ? geometry.dilation : 0
        sourceStep =
            geometry.dilation * geometry.channels * (isRow ? 1 : geometry.source.width)
        weightStep = isFlipped ? -geometry.channels : geometry.channels
    }
}

/// Whether the loops of this file serve these sizes.
@inline(__always)
func isLine(_ geometry: DepthwiseGeometry) -> Bool {
    geometry.stride == 1 && geometry.spacing == 1 && geometry.channels >= Vector.scalarCount
        && geometry.sourceGap == 0 && (geometry.kernel.height == 1) != (geometry.kernel.width == 1)
}

/// The taps that meet the map somewhere in the tile at a row and column of the padded source.
@inline(__always)
private func tapRange(_ geometry: DepthwiseGeometry, _ row: Int, _ column: Int) -> Range<Int> {
    let isRow = geometry.kernel.height == 1
    let (start, reach) = isRow ? (column, tile - 1) : (row, 0)
    let length = isRow ? geometry.source.width : geometry.source.height
    if isRow && (row < 0 || row >= geometry.source.height) { return 0..<0 }
    let lower = lowerTap(start, reach, geometry.dilation)
    let upper = upperTap(
        start, length, geometry.dilation, geometry.kernel.height * geometry.kernel.width)
    return lower..<(upper < lower ? lower : upper)
}

/// A vector of channels of a pixel, or zeros outside the row.
@inline(__always)
private func pixel(_ x: UnsafePointer<Float>, _ line: TapLine, _ column: Int) -> Vector {
    if column >= 0 && column < line.width { return load(x) }
    return Vector(repeating: 0)
}

// MARK: - Convolution

/// Computes one block of a convolution by a row or column.
@inline(__always)
func convolveLine(
    _ operands: DepthwiseOperands, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock,
    isFlipped: Bool
) {
    let line = TapLine(geometry, isFlipped: isFlipped)
    let channels = geometry.channels
    let taps = geometry.kernel.height * geometry.kernel.width
    let weights = operands.weight + (isFlipped ? (taps - 1) * channels : 0)
    for row in block.firstRow..<(block.firstRow + block.rowCount) {
        let top = row - geometry.padding.height
        let target = operands.y + row * geometry.destination.width * channels
        var column = 0
        while column < geometry.destination.width {
            let left = column - geometry.padding.width
            let rest = geometry.destination.width - column
            let corner = operands.x + (top * line.width + left) * channels
            let range = tapRange(geometry, top, left)
            var c = block.firstChannel
            let end = block.firstChannel + block.channelCount
            while c < end {
                // The last vector of channels overlaps the one before.
                let at = c + Vector.scalarCount <= end ? c : end - Vector.scalarCount
                var start = Vector(repeating: 0)
                if let bias = operands.bias { start = load(bias + at) }
                convolveTile(
                    corner + at, weights + at, target + (column * channels + at), line, range,
                    left, rest, start)
                c += Vector.scalarCount
            }
            column += tile
        }
    }
}

/// Computes one vector of channels of up to eight neighbouring outputs.
@inline(__always)
private func convolveTile(
    _ corner: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ line: TapLine, _ taps: Range<Int>, _ left: Int,
    _ rest: Int, _ start: Vector
) {
    var (s0, s1, s2, s3) = (start, start, start, start)
    var (s4, s5, s6, s7) = (start, start, start, start)
    let step = line.channels
    for tap in taps {
        let w = load(weights + tap * line.weightStep)
        let x = corner + tap * line.sourceStep
        let column = left + tap * line.columnStep
        if column >= 0 && column + tile <= line.width {
            s0 = s0.addingProduct(load(x), w)
            s1 = s1.addingProduct(load(x + step), w)
            s2 = s2.addingProduct(load(x + 2 * step), w)
            s3 = s3.addingProduct(load(x + 3 * step), w)
            s4 = s4.addingProduct(load(x + 4 * step), w)
            s5 = s5.addingProduct(load(x + 5 * step), w)
            s6 = s6.addingProduct(load(x + 6 * step), w)
            s7 = s7.addingProduct(load(x + 7 * step), w)
        } else {
            s0 = s0.addingProduct(pixel(x, line, column), w)
            s1 = s1.addingProduct(pixel(x + step, line, column + 1), w)
            s2 = s2.addingProduct(pixel(x + 2 * step, line, column + 2), w)
            s3 = s3.addingProduct(pixel(x + 3 * step, line, column + 3), w)
            s4 = s4.addingProduct(pixel(x + 4 * step, line, column + 4), w)
            s5 = s5.addingProduct(pixel(x + 5 * step, line, column + 5), w)
            s6 = s6.addingProduct(pixel(x + 6 * step, line, column + 6), w)
            s7 = s7.addingProduct(pixel(x + 7 * step, line, column + 7), w)
        }
    }
    putPixels(s0, s1, s2, s3, y, step, rest)
    putPixels(s4, s5, s6, s7, y + 4 * step, step, rest - 4)
}

// MARK: - Gradient of the weights

/// Adds the gradient of one block to `sums`, which are set to 0 first.
@inline(__always)
func lineWeightGradient(
    _ operands: DepthwiseGradientOperands, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock
) {
    let line = TapLine(geometry, isFlipped: false)
    let channels = geometry.channels
    let taps = geometry.kernel.height * geometry.kernel.width
    clearSums(operands.sums, taps + 1, channels, block)
    for row in block.firstRow..<(block.firstRow + block.rowCount) {
        let top = row - geometry.padding.height
        let dy = operands.dy + row * geometry.destination.width * channels
        var column = 0
        while column < geometry.destination.width {
            let left = column - geometry.padding.width
            let rest = geometry.destination.width - column
            let corner = operands.x + (top * line.width + left) * channels
            let range = tapRange(geometry, top, left)
            var c = block.firstChannel
            let end = block.firstChannel + block.channelCount
            while c < end {
                let at = c + Vector.scalarCount <= end ? c : end - Vector.scalarCount
                // The last vector of channels overlaps the one before, with gradients 0 there.
                addTile(
                    corner + at, dy + (column * channels + at), operands.sums + at, line, range,
                    taps, left, rest, c - at)
                c += Vector.scalarCount
            }
            column += tile
        }
    }
}

/// Adds what eight neighbouring gradients give to the taps that they meet, and to the bias.
@inline(__always)
private func addTile(
    _ corner: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, _ line: TapLine, _ range: Range<Int>, _ taps: Int,
    _ left: Int, _ rest: Int, _ skipped: Int
) {
    let step = line.channels
    let (g0, g1) = (gradient(dy, true, skipped), gradient(dy + step, 1 < rest, skipped))
    let g2 = gradient(dy + 2 * step, 2 < rest, skipped)
    let g3 = gradient(dy + 3 * step, 3 < rest, skipped)
    let g4 = gradient(dy + 4 * step, 4 < rest, skipped)
    let g5 = gradient(dy + 5 * step, 5 < rest, skipped)
    let g6 = gradient(dy + 6 * step, 6 < rest, skipped)
    let g7 = gradient(dy + 7 * step, 7 < rest, skipped)
    let bias = sums + taps * step
    let (low, high) = ((g0 + g1) + (g2 + g3), (g4 + g5) + (g6 + g7))
    store(load(bias) + (low + high), bias)
    for tap in range {
        let x = corner + tap * line.sourceStep
        let column = left + tap * line.columnStep
        let sum = sums + tap * line.weightStep
        var even = load(sum)
        var odd = Vector(repeating: 0)
        if column >= 0 && column + tile <= line.width {
            even = even.addingProduct(load(x), g0)
            odd = odd.addingProduct(load(x + step), g1)
            even = even.addingProduct(load(x + 2 * step), g2)
            odd = odd.addingProduct(load(x + 3 * step), g3)
            even = even.addingProduct(load(x + 4 * step), g4)
            odd = odd.addingProduct(load(x + 5 * step), g5)
            even = even.addingProduct(load(x + 6 * step), g6)
            odd = odd.addingProduct(load(x + 7 * step), g7)
        } else {
            even = even.addingProduct(pixel(x, line, column), g0)
            odd = odd.addingProduct(pixel(x + step, line, column + 1), g1)
            even = even.addingProduct(pixel(x + 2 * step, line, column + 2), g2)
            odd = odd.addingProduct(pixel(x + 3 * step, line, column + 3), g3)
            even = even.addingProduct(pixel(x + 4 * step, line, column + 4), g4)
            odd = odd.addingProduct(pixel(x + 5 * step, line, column + 5), g5)
            even = even.addingProduct(pixel(x + 6 * step, line, column + 6), g6)
            odd = odd.addingProduct(pixel(x + 7 * step, line, column + 7), g7)
        }
        store(even + odd, sum)
    }
}
