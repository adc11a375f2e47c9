import KernelInterface

// A vector of channels of the source is copied to a plane of working memory with zero borders, one
// cache line a pixel. Eight neighbouring outputs are summed in registers at once: each tap is one
// load of its weights and eight multiply-adds whose operands lie in consecutive lines. Small
// windows with stride 1 need no plane, nor do rows and columns; see `DepthwiseDirect.swift` and
// `DepthwiseLine.swift`.

func depthwiseKernels() -> DepthwiseKernels {
    DepthwiseKernels(
        channelBlock: Vector.scalarCount, isDirect: { isDirect($0) || isLine($0) },
        scratchCount: scratchCount,
        convolve: { operands, geometry, block, scratch in
            convolve(operands, geometry, block, scratch, isFlipped: false)
        },
        convolveFlipped: { operands, geometry, block, scratch in
            convolve(operands, geometry, block, scratch, isFlipped: true)
        },
        weightGradient: weightGradient,
        isStrided: { isStrided($0) }, stridedGradients: stridedGradients)
}

/// Computes a block, by its size straight from the map or through the plane.
@inline(__always)
private func convolve(
    _ operands: DepthwiseOperands, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock,
    _ scratch: UnsafeMutablePointer<Float>, isFlipped: Bool
) {
    if isDirect(geometry) {
        convolveDirect(operands, geometry, block, isFlipped: isFlipped)
        return
    }
    if isLine(geometry) {
        convolveLine(operands, geometry, block, isFlipped: isFlipped)
        return
    }
    var part = block
    let end = block.firstChannel + block.channelCount
    while part.firstChannel < end {
        let rest = end - part.firstChannel
        part.channelCount = rest < Vector.scalarCount ? rest : Vector.scalarCount
        packWeights(operands, geometry, part, scratch, isFlipped: isFlipped)
        convolveBlock(operands, geometry, part, scratch)
        part.firstChannel += Vector.scalarCount
    }
}

/// Outputs of a row that are summed at once.
private let tile = 8

/// Columns of the destination, rounded up to whole tiles.
@inline(__always)
private func paddedWidth(_ geometry: DepthwiseGeometry) -> Int {
    (geometry.destination.width + 7) / 8 * 8
}

/// Columns of the plane: all that whole tiles read.
@inline(__always)
private func planeWidth(_ geometry: DepthwiseGeometry) -> Int {
    (paddedWidth(geometry) - 1) * geometry.stride
        + (geometry.kernel.width - 1) * geometry.dilation + 1
}

/// Rows of the plane for so many rows of the destination.
@inline(__always)
private func planeHeight(_ geometry: DepthwiseGeometry, _ rowCount: Int) -> Int {
    (rowCount - 1) * geometry.stride + (geometry.kernel.height - 1) * geometry.dilation + 1
}

/// Vectors before the plane: the weights and the bias.
@inline(__always)
private func weightVectors(_ geometry: DepthwiseGeometry) -> Int {
    geometry.kernel.height * geometry.kernel.width + 1
}

private func scratchCount(_ geometry: DepthwiseGeometry, _ rowCount: Int) -> Int {
    if isDirect(geometry) || isLine(geometry) { return 0 }
    let plane = planeHeight(geometry, rowCount) * planeWidth(geometry)
    let dy = rowCount * paddedWidth(geometry)
    return (weightVectors(geometry) + plane + dy) * Vector.scalarCount
}

/// Copies the block's weights, one vector a tap, and its bias.
@inline(__always)
private func packWeights(
    _ operands: DepthwiseOperands, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock,
    _ scratch: UnsafeMutablePointer<Float>, isFlipped: Bool
) {
    let taps = geometry.kernel.height * geometry.kernel.width
    let width = block.channelCount
    for tap in 0..<taps {
        let from = isFlipped ? taps - 1 - tap : tap
        let source = operands.weight + from * geometry.channels + block.firstChannel
        store(loadLanes(source, width), scratch + tap * Vector.scalarCount)
    }
    var bias = Vector(repeating: 0)
    if let source = operands.bias { bias = loadLanes(source + block.firstChannel, width) }
    store(bias, scratch + taps * Vector.scalarCount)
}

/// First row of the padded source that the block reads.
@inline(__always)
private func firstPlaneRow(_ geometry: DepthwiseGeometry, _ block: DepthwiseBlock) -> Int {
    block.firstRow * geometry.stride - geometry.padding.height
}

/// Copies the source rows of a block into the plane, zeros around; rows outside stay undefined.
private func gather(
    _ x: UnsafePointer<Float>, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock,
    _ plane: UnsafeMutablePointer<Float>
) {
    let first = firstPlaneRow(geometry, block)
    let columns = planeWidth(geometry)
    let height = (geometry.source.height - 1) * geometry.spacing + 1
    for row in 0..<planeHeight(geometry, block.rowCount) {
        let y = first + row
        if y < 0 || y >= height { continue }
        let target = plane + row * columns * Vector.scalarCount
        if y % geometry.spacing == 0 {
            let line = y / geometry.spacing * geometry.source.width * geometry.channels
            gatherRow(x + line + block.firstChannel, geometry, target, block.channelCount)
        } else {
            clear(target, columns)
        }
    }
}

@inline(__always)
private func clear(_ target: UnsafeMutablePointer<Float>, _ vectors: Int) {
    for i in 0..<vectors {
        store(Vector(repeating: 0), target + i * Vector.scalarCount)
    }
}

/// Copies one source row with its borders.
@inline(__always)
private func gatherRow(
    _ x: UnsafePointer<Float>, _ geometry: DepthwiseGeometry,
    _ target: UnsafeMutablePointer<Float>, _ width: Int
) {
    let columns = planeWidth(geometry)
    let left = geometry.padding.width
    if geometry.spacing > 1 {
        clear(target, columns)
    } else {
        clear(target, left < 0 ? 0 : (left < columns ? left : columns))
        let end = left + geometry.source.width
        if end < columns {
            let start = end < 0 ? 0 : end
            clear(target + start * Vector.scalarCount, columns - start)
        }
    }
    var from = 0
    while left + from * geometry.spacing < 0 { from += 1 }
    var column = left + from * geometry.spacing
    var source = x + from * geometry.channels
    while from < geometry.source.width && column < columns {
        store(loadLanes(source, width), target + column * Vector.scalarCount)
        source += geometry.channels
        column += geometry.spacing
        from += 1
    }
}

/// The taps from `lower` to before `upper` of a window that meet the source.
///
/// The window begins at `start` (in the padded source, 0 being the first element); outputs up to
/// `reach` further on are taken together.
@inline(__always)
func lowerTap(_ start: Int, _ reach: Int, _ dilation: Int) -> Int {
    let missing = 0 - (start + reach)
    return missing > 0 ? (missing + dilation - 1) / dilation : 0
}

@inline(__always)
func upperTap(_ start: Int, _ length: Int, _ dilation: Int, _ taps: Int) -> Int {
    if length <= start { return 0 }
    let count = (length - 1 - start) / dilation + 1
    return count < taps ? count : taps
}

private func convolveBlock(
    _ operands: DepthwiseOperands, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock,
    _ scratch: UnsafeMutablePointer<Float>
) {
    let plane = scratch + weightVectors(geometry) * Vector.scalarCount
    gather(operands.x, geometry, block, plane)
    let columns = planeWidth(geometry)
    let height = (geometry.source.height - 1) * geometry.spacing + 1
    let first = firstPlaneRow(geometry, block)
    for row in block.firstRow..<(block.firstRow + block.rowCount) {
        let start = row * geometry.stride - geometry.padding.height
        let lower = lowerTap(start, 0, geometry.dilation)
        let upper = upperTap(start, height, geometry.dilation, geometry.kernel.height)
        let line = plane + (start - first) * columns * Vector.scalarCount
        let target = row * geometry.destination.width * geometry.channels
        convolveRow(
            line, scratch, operands.y + target + block.firstChannel, geometry,
            lower..<(upper < lower ? lower : upper), block.channelCount)
    }
}

/// Computes one row of the destination from its lines of the plane.
@inline(__always)
private func convolveRow(
    _ line: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ geometry: DepthwiseGeometry, _ rows: Range<Int>,
    _ width: Int
) {
    let step = geometry.stride * Vector.scalarCount
    let lineStep = planeWidth(geometry) * geometry.dilation * Vector.scalarCount
    let tapStep = geometry.dilation * Vector.scalarCount
    let length = (geometry.source.width - 1) * geometry.spacing + 1
    let taps = geometry.kernel.width
    let bias = load(weights + geometry.kernel.height * taps * Vector.scalarCount)
    var column = 0
    while column < geometry.destination.width {
        let start = column * geometry.stride - geometry.padding.width
        let lower = lowerTap(start, 7 * geometry.stride, geometry.dilation)
        let upper = upperTap(start, length, geometry.dilation, taps)
        var (s0, s1, s2, s3) = (bias, bias, bias, bias)
        var (s4, s5, s6, s7) = (bias, bias, bias, bias)
        let corner = line + column * step
        for row in rows {
            var source = corner + row * lineStep + lower * tapStep
            var weight = weights + (row * taps + lower) * Vector.scalarCount
            var tap = lower
            while tap < upper {
                let w = load(weight)
                s0 = s0.addingProduct(load(source), w)
                s1 = s1.addingProduct(load(source + step), w)
                s2 = s2.addingProduct(load(source + 2 * step), w)
                s3 = s3.addingProduct(load(source + 3 * step), w)
                s4 = s4.addingProduct(load(source + 4 * step), w)
                s5 = s5.addingProduct(load(source + 5 * step), w)
                s6 = s6.addingProduct(load(source + 6 * step), w)
                s7 = s7.addingProduct(load(source + 7 * step), w)
                source += tapStep
                weight += Vector.scalarCount
                tap += 1
            }
        }
        var target = y + column * geometry.channels
        let rest = geometry.destination.width - column
        put(s0, &target, width, geometry.channels)
        if rest > 1 { put(s1, &target, width, geometry.channels) }
        if rest > 2 { put(s2, &target, width, geometry.channels) }
        if rest > 3 { put(s3, &target, width, geometry.channels) }
        if rest > 4 { put(s4, &target, width, geometry.channels) }
        if rest > 5 { put(s5, &target, width, geometry.channels) }
        if rest > 6 { put(s6, &target, width, geometry.channels) }
        if rest > 7 { put(s7, &target, width, geometry.channels) }
        column += tile
    }
}

/// Writes one pixel and moves on to the next.
@inline(__always)
private func put(
    _ value: Vector, _ target: inout UnsafeMutablePointer<Float>, _ width: Int, _ channels: Int
) {
    storeLanes(value, target, width)
    target += channels
}

// MARK: - Gradient of the weights

/// Computes the gradient of a block, by its size straight from the maps or through the plane.
private func weightGradient(
    _ operands: DepthwiseGradientOperands, _ geometry: DepthwiseGeometry,
    _ block: DepthwiseBlock, _ scratch: UnsafeMutablePointer<Float>
) {
    if isDirect(geometry) {
        directWeightGradient(operands, geometry, block)
        return
    }
    if isLine(geometry) {
        lineWeightGradient(operands, geometry, block)
        return
    }
    var part = block
    let end = block.firstChannel + block.channelCount
    while part.firstChannel < end {
        let rest = end - part.firstChannel
        part.channelCount = rest < Vector.scalarCount ? rest : Vector.scalarCount
        planeWeightGradient(operands, geometry, part, scratch)
        part.firstChannel += Vector.scalarCount
    }
}

private func planeWeightGradient(
    _ operands: DepthwiseGradientOperands, _ geometry: DepthwiseGeometry,
    _ block: DepthwiseBlock, _ scratch: UnsafeMutablePointer<Float>
) {
    let vectors = weightVectors(geometry)
    clear(scratch, vectors)
    let plane = scratch + vectors * Vector.scalarCount
    gather(operands.x, geometry, block, plane)
    let columns = planeWidth(geometry)
    let area = planeHeight(geometry, block.rowCount) * columns
    let line = plane + area * Vector.scalarCount
    let first = firstPlaneRow(geometry, block)
    for row in block.firstRow..<(block.firstRow + block.rowCount) {
        let offset = row * geometry.destination.width * geometry.channels
        gatherGradient(
            operands.dy + offset + block.firstChannel, geometry, line, block.channelCount)
        let start = row * geometry.stride - geometry.padding.height
        let lower = lowerTap(start, 0, geometry.dilation)
        let upper = upperTap(
            start, geometry.source.height, geometry.dilation, geometry.kernel.height)
        addRowGradient(
            plane + (start - first) * columns * Vector.scalarCount, line, scratch, geometry,
            lower..<(upper < lower ? lower : upper))
    }
    let width = block.channelCount
    for tap in 0..<vectors {
        storePartial(
            load(scratch + tap * Vector.scalarCount),
            operands.sums + tap * geometry.channels + block.firstChannel, width)
    }
}

/// Copies one row of `dy`, with zeros up to a whole number of tiles.
@inline(__always)
private func gatherGradient(
    _ dy: UnsafePointer<Float>, _ geometry: DepthwiseGeometry,
    _ line: UnsafeMutablePointer<Float>, _ width: Int
) {
    let count = geometry.destination.width
    for column in 0..<count {
        let value = loadLanes(dy + column * geometry.channels, width)
        store(value, line + column * Vector.scalarCount)
    }
    clear(line + count * Vector.scalarCount, paddedWidth(geometry) - count)
}

/// Adds what one row of `dy` gives to every tap.
@inline(__always)
private func addRowGradient(
    _ plane: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, _ geometry: DepthwiseGeometry, _ rows: Range<Int>
) {
    let step = geometry.stride * Vector.scalarCount
    let lineStep = planeWidth(geometry) * geometry.dilation * Vector.scalarCount
    let tapStep = geometry.dilation * Vector.scalarCount
    let taps = geometry.kernel.width
    let bias = sums + geometry.kernel.height * taps * Vector.scalarCount
    var column = 0
    while column < geometry.destination.width {
        let start = column * geometry.stride - geometry.padding.width
        let lower = lowerTap(start, 7 * geometry.stride, geometry.dilation)
        let upper = upperTap(start, geometry.source.width, geometry.dilation, taps)
        let gradient = dy + column * Vector.scalarCount
        let (g0, g1) = (load(gradient), load(gradient + Vector.scalarCount))
        let g2 = load(gradient + 2 * Vector.scalarCount)
        let g3 = load(gradient + 3 * Vector.scalarCount)
        let g4 = load(gradient + 4 * Vector.scalarCount)
        let g5 = load(gradient + 5 * Vector.scalarCount)
        let g6 = load(gradient + 6 * Vector.scalarCount)
        let g7 = load(gradient + 7 * Vector.scalarCount)
        let lowSum = (g0 + g1) + (g2 + g3)
        let highSum = (g4 + g5) + (g6 + g7)
        store(load(bias) + (lowSum + highSum), bias)
        for row in rows {
            var source = plane + column * step + row * lineStep + lower * tapStep
            var sum = sums + (row * taps + lower) * Vector.scalarCount
            var tap = lower
            while tap < upper {
                var even: Vector = load(sum)
                even = even.addingProduct(load(source), g0)
                var odd: Vector = load(source + step) * g1
                even = even.addingProduct(load(source + 2 * step), g2)
                odd = odd.addingProduct(load(source + 3 * step), g3)
                even = even.addingProduct(load(source + 4 * step), g4)
                odd = odd.addingProduct(load(source + 5 * step), g5)
                even = even.addingProduct(load(source + 6 * step), g6)
                odd = odd.addingProduct(load(source + 7 * step), g7)
                store(even + odd, sum)
                source += tapStep
                sum += Vector.scalarCount
                tap += 1
            }
        }
        column += tile
    }
}
