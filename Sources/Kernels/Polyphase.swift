import KernelInterface

/// The group of this copy.
var polyphaseKernels: PolyphaseKernels {
    PolyphaseKernels(
        input: transformPhases, output: transformPhaseSums, weight: transformPhaseWeight)
}

/// Five vectors: pixels of a row.
private typealias Five = InlineArray<5, Vector>

/// Three vectors: taps of a row.
private typealias Three = InlineArray<3, Vector>

/// The channel of the last vector of a pixel, which overlaps the one before at the end.
@inline(__always)
private func vectorStart(_ channel: Int, _ channels: Int) -> Int {
    channel &+ Vector.scalarCount <= channels ? channel : channels &- Vector.scalarCount
}

// MARK: - Input

/// Pixels to terms, tile by tile.
@Sendable
func transformPhases(
    _ x: UnsafePointer<Float>, _ v: UnsafeMutablePointer<Float>, _ line: PolyphaseLine
) {
    let tileStep = PolyphaseKernels.step &* line.channels
    var tile = 0
    while tile < line.tiles {
        let pixels = x + tile &* tileStep
        let terms = v + tile &* line.tileStride
        var channel = 0
        while channel < line.channels {
            let start = vectorStart(channel, line.channels)
            transformTile(pixels + start, terms + start, line)
            channel &+= Vector.scalarCount
        }
        tile &+= 1
    }
}

/// One vector of channels of a tile.
@inline(__always)
private func transformTile(
    _ x: UnsafePointer<Float>, _ v: UnsafeMutablePointer<Float>, _ line: PolyphaseLine
) {
    let row = line.rowStride
    let stride = line.termStride
    let third = loadFive(x + 2 &* row, line.channels)
    storeTerms(difference(loadFive(x, line.channels), third), v, stride)
    storeTerms(loadFive(x + row, line.channels), v + 5 &* stride, stride)
    storeTerms(third, v + 10 &* stride, stride)
    storeTerms(loadFive(x + 3 &* row, line.channels), v + 15 &* stride, stride)
    storeTerms(
        difference(loadFive(x + 4 &* row, line.channels), third), v + 20 &* stride, stride)
}

@inline(__always)
private func loadFive(_ x: UnsafePointer<Float>, _ stride: Int) -> Five {
    [
        load(x), load(x + stride), load(x + 2 &* stride), load(x + 3 &* stride),
        load(x + 4 &* stride),
    ]
}

@inline(__always)
private func difference(_ a: Five, _ b: Five) -> Five {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4]]
}

/// Transforms a row and writes its terms.
@inline(__always)
private func storeTerms(_ d: Five, _ v: UnsafeMutablePointer<Float>, _ stride: Int) {
    store(d[0] - d[2], v)
    store(d[1], v + stride)
    store(d[2], v + 2 &* stride)
    store(d[3], v + 3 &* stride)
    store(d[4] - d[2], v + 4 &* stride)
}

// MARK: - Output

/// Sums to pixels, tile by tile.
@Sendable
func transformPhaseSums(
    _ m: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ line: PolyphaseLine
) {
    var tile = 0
    while tile < line.tiles {
        let sums = m + tile &* line.tileStride
        let pixel = 2 &* tile
        let pixels = y + pixel &* line.channels
        var channel = 0
        while channel < line.channels {
            let start = vectorStart(channel, line.channels)
            var bias = Vector(repeating: 0)
            if let source = line.bias { bias = load(source + start) }
            let rows = transformSums(sums + start, line.termStride, bias)
            let isWhole = pixel &+ 1 < line.validPixels
            storePixels(rows[0], pixels + start, line.channels, isWhole)
            if line.validRows > 1 {
                let below = pixels + (line.rowStride &+ start)
                storePixels(rows[1], below, line.channels, isWhole)
            }
            channel &+= Vector.scalarCount
        }
        tile &+= 1
    }
}

/// The two rows of output pixels of a tile.
@inline(__always)
private func transformSums(
    _ m: UnsafePointer<Float>, _ stride: Int, _ bias: Vector
) -> InlineArray<2, InlineArray<2, Vector>> {
    let first = sumColumns(m, stride)
    let middle = sumColumns(m + 3 &* stride, stride)
    let last = sumColumns(m + 6 &* stride, stride)
    let (left, right) = (middle[0] + bias, middle[1] + bias)
    return [[first[0] + left, first[1] + right], [left + last[0], right + last[1]]]
}

/// Three sums of a row to two pixels.
@inline(__always)
private func sumColumns(_ m: UnsafePointer<Float>, _ stride: Int) -> InlineArray<2, Vector> {
    let middle = load(m + stride)
    return [load(m) + middle, middle + load(m + 2 &* stride)]
}

/// Writes one or two pixels.
@inline(__always)
private func storePixels(
    _ pixels: InlineArray<2, Vector>, _ y: UnsafeMutablePointer<Float>, _ stride: Int,
    _ isWhole: Bool
) {
    store(pixels[0], y)
    if isWhole { store(pixels[1], y + stride) }
}

// MARK: - Weight

/// Nine taps to sixteen.
@Sendable
func transformPhaseWeight(
    _ w: UnsafePointer<Float>, _ u: UnsafeMutablePointer<Float>, _ count: Int
) {
    var i = 0
    while i < count {
        let top = loadThree(w + i, count)
        let centre = loadThree(w + (3 &* count &+ i), count)
        let bottom = loadThree(w + (6 &* count &+ i), count)
        let both: Three = [top[0] + bottom[0], top[1] + bottom[1], top[2] + bottom[2]]
        storeTaps(top, u + i, count)
        storeTaps(centre, u + (4 &* count &+ i), count)
        storeTaps(bottom, u + (8 &* count &+ i), count)
        storeTaps(both, u + (12 &* count &+ i), count)
        i &+= Vector.scalarCount
    }
}

@inline(__always)
private func loadThree(_ w: UnsafePointer<Float>, _ stride: Int) -> Three {
    [load(w), load(w + stride), load(w + 2 &* stride)]
}

/// Writes the taps of a row, and the sum of the outer ones.
@inline(__always)
private func storeTaps(_ w: Three, _ u: UnsafeMutablePointer<Float>, _ stride: Int) {
    store(w[0], u)
    store(w[1], u + stride)
    store(w[2], u + 2 &* stride)
    store(w[0] + w[2], u + 3 &* stride)
}
