import KernelInterface

func attentionKernels() -> AttentionKernels {
    AttentionKernels(
        gather: gatherAttentionRows, gatherPanels: gatherAttentionPanels,
        scatter: scatterAttentionRows, softmax: attentionSoftmax,
        softmaxPullback: attentionSoftmaxPullback, squares: attentionSquareKernels())
}

// MARK: - Copies

/// The first element of a row, or the filler.
@inline(__always)
func place(_ rows: AttentionRows, _ row: Int) -> UnsafeMutablePointer<Float>? {
    guard let indices = rows.indices else { return rows.base + row &* rows.stride }
    let index = Int(indices[row])
    return index < 0 ? rows.filler : rows.base + index &* rows.stride
}

/// Copies a row times a factor, zeros where there is no source.
@inline(__always)
private func copyRow(
    _ source: UnsafeMutablePointer<Float>?, _ destination: UnsafeMutablePointer<Float>,
    _ count: Int, _ factor: Float
) {
    guard let source else {
        fillZero(destination, count)
        return
    }
    let factors = Vector(repeating: factor)
    var i = 0
    while i &+ Vector.scalarCount <= count {
        store(load(source + i) * factors, destination + i)
        i &+= Vector.scalarCount
    }
    while i < count {
        destination[i] = source[i] * factor
        i &+= 1
    }
}

@Sendable
private func gatherAttentionRows(
    _ rows: AttentionRows, _ destination: UnsafeMutablePointer<Float>, _ copy: AttentionCopy
) {
    var row = 0
    while row < rows.count {
        copyRow(place(rows, row), destination + row &* copy.stride, copy.width, copy.factor)
        row &+= 1
    }
}

@Sendable
private func gatherAttentionPanels(
    _ rows: AttentionRows, _ destination: UnsafeMutablePointer<Float>, _ copy: AttentionCopy
) {
    var column = 0
    while column < copy.width {
        let left = copy.width &- column
        let width = paddedWidth(left)
        let columns = left < width ? left : width
        var panel = destination + column &* rows.count
        var row = 0
        while row < rows.count {
            if let source = place(rows, row) {
                copyRow(source + column, panel, columns, copy.factor)
                fillZero(panel + columns, width &- columns)
            } else {
                fillZero(panel, width)
            }
            panel += width
            row &+= 1
        }
        column &+= 2 &* Vector.scalarCount
    }
}

@Sendable
private func scatterAttentionRows(
    _ source: UnsafePointer<Float>, _ factors: UnsafePointer<Float>?, _ rows: AttentionRows,
    _ copy: AttentionCopy
) {
    var row = 0
    while row < rows.count {
        var factor = copy.factor
        if let factors { factor *= factors[row] }
        let from = source + row &* copy.stride
        if let target = place(rows, row) {
            if rows.adds || target == rows.filler {
                addRow(from, target, copy.width, factor)
            } else {
                copyRow(UnsafeMutablePointer(mutating: from), target, copy.width, factor)
            }
        }
        row &+= 1
    }
}

/// Adds a row times a factor.
@inline(__always)
private func addRow(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, _ count: Int,
    _ factor: Float
) {
    let factors = Vector(repeating: factor)
    var i = 0
    while i &+ Vector.scalarCount <= count {
        store(load(destination + i).addingProduct(load(source + i), factors), destination + i)
        i &+= Vector.scalarCount
    }
    while i < count {
        destination[i] = destination[i].addingProduct(source[i], factor)
        i &+= 1
    }
}

// MARK: - Softmax

/// The numbers of the lanes, from 0.
@inline(__always)
func laneNumbers() -> Vector {
    var numbers = Vector(repeating: 0)
    for lane in 1..<Vector.scalarCount { numbers[lane] = Float(lane) }
    return numbers
}

/// The largest lane, by halves.
@inline(__always)
private func largestLane(_ value: Vector) -> Float {
    #if KERNELS_V4
        let (low, high) = (value.lowHalf, value.highHalf)
        let eight = low.replacing(with: high, where: low .< high)
    #else
        let eight = value
    #endif
    let four = eight.lowHalf.replacing(
        with: eight.highHalf, where: eight.lowHalf .< eight.highHalf)
    let two = four.lowHalf.replacing(with: four.highHalf, where: four.lowHalf .< four.highHalf)
    return two[0] < two[1] ? two[1] : two[0]
}

/// The last vector of a row of scores, `number` beyond its first `rest` lanes.
@inline(__always)
private func loadEnd(_ source: UnsafePointer<Float>, _ rest: Int, beyond number: Float) -> Vector {
    load(source).replacing(
        with: Vector(repeating: number), where: laneNumbers() .>= Vector(repeating: Float(rest)))
}

/// `exp(x)` of numbers that are not positive, 0 below -87.7; else as `exponential`.
///
/// Without the bounds above and below it takes four operations less, a fifth.
@_transparent
func decayed(_ argument: Vector) -> Vector {
    let low = Vector(repeating: -88)
    let x = argument.replacing(with: low, where: argument .< low)
    let magic = Vector(repeating: 12_582_912)
    let shifted = magic.addingProduct(x, Vector(repeating: 1.442_695_04))
    let bits = unsafeBitCast(shifted, to: IntegerVector.self)
    let exponent = (bits &+ IntegerVector(repeating: 127)) &<< IntegerVector(repeating: 23)
    return exponentialOfRest(x, shifted - magic) * unsafeBitCast(exponent, to: Vector.self)
}

@Sendable
private func attentionSoftmax(
    _ scores: UnsafeMutablePointer<Float>, _ inverse: UnsafeMutablePointer<Float>,
    _ tile: AttentionTile
) {
    let lanes = Vector.scalarCount
    // The last vector, whole or partial, is kept in a register.
    let last = (tile.keys &- 1) / lanes &* lanes
    let rest = tile.keys &- last
    var row = 0
    while row < tile.rows {
        let x = scores + row &* tile.stride
        let end = loadEnd(x + last, rest, beyond: -Float.greatestFiniteMagnitude)
        var largest = end
        var i = 0
        while i < last {
            largest = larger(largest, load(x + i))
            i &+= lanes
        }
        let shift = Vector(repeating: largestLane(largest))
        let final = decayed(end - shift)
        var sums = final
        store(final, x + last)
        i = 0
        while i < last {
            let value = decayed(load(x + i) - shift)
            sums += value
            store(value, x + i)
            i &+= lanes
        }
        inverse[row] = 1 / horizontalSum(sums)
        row &+= 1
    }
}

@Sendable
private func attentionSoftmaxPullback(
    _ p: UnsafeMutablePointer<Float>, _ dp: UnsafeMutablePointer<Float>,
    _ inverse: UnsafePointer<Float>, _ tile: AttentionTile
) {
    let lanes = Vector.scalarCount
    var row = 0
    while row < tile.rows {
        let (x, dx) = (p + row &* tile.stride, dp + row &* tile.stride)
        let factor = Vector(repeating: inverse[row])
        var sums = Vector(repeating: 0)
        var i = 0
        while i < tile.keys {
            let value = load(x + i) * factor
            store(value, x + i)
            sums = sums.addingProduct(value, load(dx + i))
            i &+= lanes
        }
        let dot = Vector(repeating: horizontalSum(sums))
        i = 0
        while i < tile.keys {
            store(load(x + i) * (load(dx + i) - dot), dx + i)
            i &+= lanes
        }
        row &+= 1
    }
}
