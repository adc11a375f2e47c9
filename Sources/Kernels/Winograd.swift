import KernelInterface

/// The group of this copy.
var winogradKernels: WinogradKernels {
    WinogradKernels(
        input: transformInput, output: transformOutput,
        outputPullback: transformOutputGradient, weight: transformWeight,
        weightPullback: transformWeightGradient)
}

/// First channel of the transform's elements for the channel `c`.
@inline(__always)
func panelOffset(_ tile: WinogradTile, _ channel: Int) -> Int {
    let width = 2 &* Vector.scalarCount
    let panel = channel / width
    let left = tile.channels &- panel &* width
    let rowLength = left > Vector.scalarCount ? width : Vector.scalarCount
    return panel &* tile.panelStride &+ tile.panelRow &* rowLength &+ (channel &- panel &* width)
}

/// Reads six vectors, `stride` apart, of which the first `count` lanes are taken.
@inline(__always)
func loadSix(_ source: UnsafePointer<Float>, _ stride: Int, _ count: Int) -> SixVectors {
    [
        loadPart(source, count), loadPart(source + stride, count),
        loadPart(source + 2 &* stride, count), loadPart(source + 3 &* stride, count),
        loadPart(source + 4 &* stride, count), loadPart(source + 5 &* stride, count),
    ]
}

/// Writes the first `count` lanes of six vectors, `stride` apart.
@inline(__always)
func storeSix(
    _ value: SixVectors, _ destination: UnsafeMutablePointer<Float>, _ stride: Int, _ count: Int
) {
    storePart(value[0], destination, count)
    storePart(value[1], destination + stride, count)
    storePart(value[2], destination + 2 &* stride, count)
    storePart(value[3], destination + 3 &* stride, count)
    storePart(value[4], destination + 4 &* stride, count)
    storePart(value[5], destination + 5 &* stride, count)
}

/// `B' x B`.
@Sendable
func transformInput(
    _ x: UnsafePointer<Float>, _ v: UnsafeMutablePointer<Float>, _ tile: WinogradTile,
    _ memory: UnsafeMutablePointer<Float>
) {
    let lanes = Vector.scalarCount
    var channel = 0
    while channel < tile.channels {
        let count = tile.channels &- channel
        var j = 0
        while j < 6 {
            let column = loadSix(x + (j &* tile.pixelStride &+ channel), tile.rowStride, count)
            storeSix(inputPoints(column), memory + j &* lanes, 6 &* lanes, lanes)
            j &+= 1
        }
        let to = v + panelOffset(tile, channel)
        var i = 0
        while i < 6 {
            let row = loadSix(memory + 6 &* i &* lanes, lanes, lanes)
            storeSix(
                inputPoints(row), to + 6 &* i &* tile.elementStride, tile.elementStride, count)
            i &+= 1
        }
        channel &+= lanes
    }
}

/// `A' m A`, of which the valid pixels are written.
@Sendable
func transformOutput(
    _ m: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ tile: WinogradTile,
    _ memory: UnsafeMutablePointer<Float>
) {
    let lanes = Vector.scalarCount
    var channel = 0
    while channel < tile.channels {
        let count = tile.channels &- channel
        let from = m + panelOffset(tile, channel)
        var j = 0
        while j < 6 {
            let column = loadSix(
                from + j &* tile.elementStride, 6 &* tile.elementStride, lanes)
            let four = outputPoints(column)
            store(four[0], memory + j &* lanes)
            store(four[1], memory + (6 &+ j) &* lanes)
            store(four[2], memory + (12 &+ j) &* lanes)
            store(four[3], memory + (18 &+ j) &* lanes)
            j &+= 1
        }
        var bias = Vector(repeating: 0)
        if let source = tile.bias { bias = loadPart(source + channel, count) }
        var i = 0
        while i < tile.validRows {
            let four = outputPoints(loadSix(memory + 6 &* i &* lanes, lanes, lanes))
            let to = y + (i &* tile.rowStride &+ channel)
            let step = tile.pixelStride
            storePart(four[0] + bias, to, count)
            if tile.validColumns > 1 { storePart(four[1] + bias, to + step, count) }
            if tile.validColumns > 2 { storePart(four[2] + bias, to + 2 &* step, count) }
            if tile.validColumns > 3 { storePart(four[3] + bias, to + 3 &* step, count) }
            i &+= 1
        }
        channel &+= lanes
    }
}

/// `A y A'`.
@Sendable
func transformOutputGradient(
    _ dy: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>, _ tile: WinogradTile,
    _ memory: UnsafeMutablePointer<Float>
) {
    let lanes = Vector.scalarCount
    var channel = 0
    while channel < tile.channels {
        let count = tile.channels &- channel
        var j = 0
        while j < 4 {
            let column = dy + (j &* tile.pixelStride &+ channel)
            let six = outputPointsPullback(loadFour(column, tile.rowStride, count))
            storeSix(six, memory + j &* lanes, 4 &* lanes, lanes)
            j &+= 1
        }
        let to = z + panelOffset(tile, channel)
        var i = 0
        while i < 6 {
            let row = loadFour(memory + 4 &* i &* lanes, lanes, lanes)
            storeSix(
                outputPointsPullback(row), to + 6 &* i &* tile.elementStride,
                tile.elementStride, count)
            i &+= 1
        }
        channel &+= lanes
    }
}

/// Reads four vectors, `stride` apart, of which the first `count` lanes are taken.
@inline(__always)
func loadFour(_ source: UnsafePointer<Float>, _ stride: Int, _ count: Int) -> FourVectors {
    [
        loadPart(source, count), loadPart(source + stride, count),
        loadPart(source + 2 &* stride, count), loadPart(source + 3 &* stride, count),
    ]
}

/// `G w G'` for runs of whole vectors: a stretch of a panel of the packed weight.
@Sendable
func transformWeight(
    _ w: UnsafePointer<Float>, _ u: UnsafeMutablePointer<Float>, _ tile: WinogradTile,
    _ memory: UnsafeMutablePointer<Float>
) {
    let lanes = Vector.scalarCount
    var channel = 0
    while channel < tile.channels {
        var j = 0
        while j < 3 {
            let column = w + (j &* tile.pixelStride &+ channel)
            let three: ThreeVectors = [
                load(column), load(column + tile.rowStride),
                load(column + 2 &* tile.rowStride),
            ]
            storeSix(weightPoints(three), memory + j &* lanes, 3 &* lanes, lanes)
            j &+= 1
        }
        var i = 0
        while i < 6 {
            let row = memory + 3 &* i &* lanes
            let three: ThreeVectors = [load(row), load(row + lanes), load(row + 2 &* lanes)]
            storeSix(
                weightPoints(three), u + (6 &* i &* tile.elementStride &+ channel),
                tile.elementStride, lanes)
            i &+= 1
        }
        channel &+= lanes
    }
}

/// `G' u G`.
@Sendable
func transformWeightGradient(
    _ u: UnsafePointer<Float>, _ dw: UnsafeMutablePointer<Float>, _ tile: WinogradTile,
    _ memory: UnsafeMutablePointer<Float>
) {
    let lanes = Vector.scalarCount
    var channel = 0
    while channel < tile.channels {
        let count = tile.channels &- channel
        var j = 0
        while j < 6 {
            let column = loadSix(
                u + (j &* tile.elementStride &+ channel), 6 &* tile.elementStride, count)
            let three = weightPointsPullback(column)
            store(three[0], memory + j &* lanes)
            store(three[1], memory + (6 &+ j) &* lanes)
            store(three[2], memory + (12 &+ j) &* lanes)
            j &+= 1
        }
        var i = 0
        while i < 3 {
            let three = weightPointsPullback(loadSix(memory + 6 &* i &* lanes, lanes, lanes))
            let to = dw + (i &* tile.rowStride &+ channel)
            storePart(three[0], to, count)
            storePart(three[1], to + tile.pixelStride, count)
            storePart(three[2], to + 2 &* tile.pixelStride, count)
            i &+= 1
        }
        channel &+= lanes
    }
}
