import KernelInterface

// Both gradients of a 3x3 convolution with a stride, straight from the maps: each gradient of the
// output is read three times, for the three rows of taps, and adds to what it came from.

/// Whether both gradients can be computed here.
@inline(__always)
func isStrided(_ geometry: DepthwiseGeometry) -> Bool {
    geometry.kernel == MapExtent(height: 3, width: 3) && geometry.stride > 1
        && geometry.dilation == 1 && geometry.spacing == 1
}

/// Writes the gradient of the input and the sums of one sample, for the channels of a block.
@Sendable
func stridedGradients(
    _ operands: DepthwiseGradientOperands, _ input: DepthwiseInputGradient,
    _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock
) {
    clearSums(operands.sums, 10, geometry.channels, block)
    let end = block.firstChannel + block.channelCount
    for pixel in 0..<geometry.source.height * geometry.source.width {
        let target = input.dx + (pixel * geometry.channels + block.firstChannel)
        for c in 0..<block.channelCount { target[c] = 0 }
    }
    var c = block.firstChannel
    while c + Vector.scalarCount <= end {
        addRows(operands, input, geometry, channel: c, width: Vector.scalarCount)
        c += Vector.scalarCount
    }
    if c < end { addRows(operands, input, geometry, channel: c, width: end - c) }
}

/// Adds what all gradients of the output give for one vector of channels.
@inline(__always)
private func addRows(
    _ operands: DepthwiseGradientOperands, _ input: DepthwiseInputGradient,
    _ geometry: DepthwiseGeometry, channel: Int, width: Int
) {
    let step = geometry.channels
    var bias = Vector(repeating: 0)
    for row in 0..<geometry.destination.height {
        let dy = operands.dy + (row * geometry.destination.width * step + channel)
        for column in 0..<geometry.destination.width {
            bias += loadLanes(dy + column * step, width)
        }
        for tap in 0..<3 {
            let source = row * geometry.stride - geometry.padding.height + tap
            if source < 0 || source >= geometry.source.height { continue }
            let line = source * geometry.source.width * step + channel
            let taps = 3 * tap * step + channel
            addRow(
                StridedLine(
                    x: operands.x + line, dy: dy, dx: input.dx + line,
                    weight: input.weight + taps, sums: operands.sums + taps, width: width),
                geometry)
        }
    }
    storeLanes(bias, operands.sums + (9 * step + channel), width)
}

/// One vector of channels of a source row, of a row of gradients and of a row of taps.
private struct StridedLine {
    let x: UnsafePointer<Float>
    let dy: UnsafePointer<Float>
    let dx: UnsafeMutablePointer<Float>
    let weight: UnsafePointer<Float>
    let sums: UnsafeMutablePointer<Float>
    let width: Int

    /// Adds one gradient's part at one pixel to the input's gradient and to a tap's sum.
    @inline(__always)
    func add(_ gradient: Vector, _ pixel: Int, _ tap: Vector, _ sum: inout Vector) {
        sum = sum.addingProduct(loadLanes(x + pixel, width), gradient)
        let value = loadLanes(dx + pixel, width).addingProduct(gradient, tap)
        storeLanes(value, dx + pixel, width)
    }
}

@inline(__always)
private func addRow(_ line: StridedLine, _ geometry: DepthwiseGeometry) {
    let (step, width) = (geometry.channels, line.width)
    let w0 = loadLanes(line.weight, width)
    let w1 = loadLanes(line.weight + step, width)
    let w2 = loadLanes(line.weight + 2 * step, width)
    var s0 = loadLanes(line.sums, width)
    var s1 = loadLanes(line.sums + step, width)
    var s2 = loadLanes(line.sums + 2 * step, width)
    for column in 0..<geometry.destination.width {
        let gradient = loadLanes(line.dy + column * step, width)
        let first = column * geometry.stride - geometry.padding.width
        let pixel = first * step
        if first >= 0 && first < geometry.source.width { line.add(gradient, pixel, w0, &s0) }
        if first >= -1 && first + 1 < geometry.source.width {
            line.add(gradient, pixel + step, w1, &s1)
        }
        if first >= -2 && first + 2 < geometry.source.width {
            line.add(gradient, pixel + 2 * step, w2, &s2)
        }
    }
    storeLanes(s0, line.sums, width)
    storeLanes(s1, line.sums + step, width)
    storeLanes(s2, line.sums + 2 * step, width)
}
