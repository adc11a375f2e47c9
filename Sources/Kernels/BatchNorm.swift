import KernelInterface

// Sums run down all rows of two vectors of channels at a time; what needs no sums goes row by row,
// as the map lies in memory.

func batchNormKernels() -> BatchNormKernels {
    BatchNormKernels(
        statistics: statistics, normalize: normalize, sums: sums, gradient: gradient)
}

/// Channels of a pair of vectors.
private let pairWidth = 2 * Vector.scalarCount

/// Two neighbouring vectors of channels; at the end of a row the last one, twice.
private struct Pair {
    var first: Vector
    var second: Vector

    @inline(__always)
    init(_ first: Vector, _ second: Vector) {
        self.first = first
        self.second = second
    }

    /// Reads `pairWidth` lanes, or at most a vector of them.
    @inline(__always)
    init(_ source: UnsafePointer<Float>, _ width: Int) {
        if width == pairWidth {
            first = load(source)
            second = load(source + Vector.scalarCount)
        } else {
            first = loadLanes(source, width)
            second = first
        }
    }

    /// Writes what `init` of this width reads.
    @inline(__always)
    func write(_ destination: UnsafeMutablePointer<Float>, _ width: Int) {
        if width == pairWidth {
            store(first, destination)
            store(second, destination + Vector.scalarCount)
        } else {
            storeLanes(first, destination, width)
        }
    }

    @inline(__always)
    static func + (a: Pair, b: Pair) -> Pair { Pair(a.first + b.first, a.second + b.second) }

    @inline(__always)
    static func - (a: Pair, b: Pair) -> Pair { Pair(a.first - b.first, a.second - b.second) }

    @inline(__always)
    static func * (a: Pair, b: Pair) -> Pair { Pair(a.first * b.first, a.second * b.second) }

    @inline(__always)
    mutating func addProduct(_ a: Pair, _ b: Pair) {
        first = first.addingProduct(a.first, b.first)
        second = second.addingProduct(a.second, b.second)
    }
}

@inline(__always)
private func zeros() -> Pair { Pair(Vector(repeating: 0), Vector(repeating: 0)) }

/// Calls `body` with pairs of vectors, then with what is left by at most a vector.
@inline(__always)
private func forEachPair(_ part: MatrixPart, _ body: (_ column: Int, _ width: Int) -> Void) {
    var column = 0
    while column &+ pairWidth <= part.columns {
        body(column, pairWidth)
        column &+= pairWidth
    }
    if column &+ Vector.scalarCount <= part.columns {
        body(column, Vector.scalarCount)
        column &+= Vector.scalarCount
    }
    if column < part.columns { body(column, part.columns &- column) }
}

// MARK: - Statistics

@Sendable
private func statistics(
    _ x: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ part: MatrixPart
) {
    forEachPair(part) { pairStatistics(x + $0, result + $0, part, $1) }
}

/// Sums twice: for the mean, then around it; what rounding left in the mean is put right after.
@inline(__always)
private func pairStatistics(
    _ x: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ part: MatrixPart,
    _ width: Int
) {
    let share = Vector(repeating: 1 / Float(part.rows))
    let inverse = Pair(share, share)
    let mean = pairSum(x, part, width) * inverse
    var (rest, squares) = (zeros(), zeros())
    var source = x
    for _ in 0..<part.rows {
        let deviation = Pair(source, width) - mean
        rest = rest + deviation
        squares.addProduct(deviation, deviation)
        source += part.stride
    }
    let correction = rest * inverse
    (mean + correction).write(result, width)
    (squares - rest * correction).write(result + part.stride, width)
}

/// The sums of two vectors of channels, of even and of odd rows first.
@inline(__always)
private func pairSum(_ x: UnsafePointer<Float>, _ part: MatrixPart, _ width: Int) -> Pair {
    var (even, odd) = (zeros(), zeros())
    var source = x
    var row = 0
    while row &+ 2 <= part.rows {
        even = even + Pair(source, width)
        odd = odd + Pair(source + part.stride, width)
        source += 2 &* part.stride
        row &+= 2
    }
    return row < part.rows ? even + odd + Pair(source, width) : even + odd
}

// MARK: - Normalisation

@Sendable
private func normalize(
    _ operands: BatchNormOperands, _ y: UnsafeMutablePointer<Float>, _ part: MatrixPart
) {
    if let shortcut = operands.shortcut {
        normalizeRows(operands, y, part) { value, place, width in
            loadLanes(shortcut + place, width) + value
        }
    } else if operands.isRectified {
        normalizeRows(operands, y, part) { value, _, _ in rectified(value) }
    } else {
        normalizeRows(operands, y, part) { value, _, _ in value }
    }
}

@inline(__always)
private func normalizeRows(
    _ operands: BatchNormOperands, _ y: UnsafeMutablePointer<Float>, _ part: MatrixPart,
    _ ending: (_ value: Vector, _ place: Int, _ width: Int) -> Vector
) {
    forEachVector(part) { column, place, width in
        let value = preactivation(
            operands, loadLanes(operands.x + place, width), part, column, width)
        storeLanes(ending(value, place, width), y + place, width)
    }
}

/// Calls `body` row by row with each vector of channels: its first channel, and its place.
@inline(__always)
private func forEachVector(
    _ part: MatrixPart, _ body: (_ column: Int, _ place: Int, _ width: Int) -> Void
) {
    var start = 0
    for _ in 0..<part.rows {
        var column = 0
        while column &+ Vector.scalarCount <= part.columns {
            body(column, start &+ column, Vector.scalarCount)
            column &+= Vector.scalarCount
        }
        if column < part.columns { body(column, start &+ column, part.columns &- column) }
        start &+= part.stride
    }
}

/// `x scale + shift`.
@inline(__always)
private func preactivation(
    _ operands: BatchNormOperands, _ x: Vector, _ part: MatrixPart, _ column: Int, _ width: Int
) -> Vector {
    let factors = operands.factors + column
    let scale = loadLanes(factors + BatchNormRow.scale &* part.stride, width)
    return loadLanes(factors + BatchNormRow.shift &* part.stride, width).addingProduct(x, scale)
}

// MARK: - Gradients

@Sendable
private func sums(
    _ dy: UnsafePointer<Float>, _ operands: BatchNormOperands,
    _ result: UnsafeMutablePointer<Float>, _ part: MatrixPart
) {
    if operands.isRectified {
        forEachPair(part) { column, width in
            let factors = operands.factors + column
            let scale = Pair(factors + BatchNormRow.scale &* part.stride, width)
            let shift = Pair(factors + BatchNormRow.shift &* part.stride, width)
            sumPair(dy, operands, result, part, column, width) { dy, x in
                var value = shift
                value.addProduct(x, scale)
                return Pair(passed(dy.first, value.first), passed(dy.second, value.second))
            }
        }
    } else {
        forEachPair(part) { sumPair(dy, operands, result, part, $0, $1) { dy, _ in dy } }
    }
}

@inline(__always)
private func sumPair(
    _ dy: UnsafePointer<Float>, _ operands: BatchNormOperands,
    _ result: UnsafeMutablePointer<Float>, _ part: MatrixPart, _ column: Int, _ width: Int,
    _ passing: (_ dy: Pair, _ x: Pair) -> Pair
) {
    let mean = Pair(operands.factors + (BatchNormRow.mean &* part.stride &+ column), width)
    var (total, products) = (zeros(), zeros())
    var place = column
    for _ in 0..<part.rows {
        let x = Pair(operands.x + place, width)
        let gradient = passing(Pair(dy + place, width), x)
        total = total + gradient
        products.addProduct(gradient, x - mean)
        place &+= part.stride
    }
    total.write(result + column, width)
    products.write(result + (part.stride &+ column), width)
}

@Sendable
private func gradient(
    _ dy: UnsafePointer<Float>, _ operands: BatchNormOperands, _ slopes: UnsafePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>, _ part: MatrixPart
) {
    if operands.isRectified {
        gradientRows(dy, operands, slopes, dx, part) { dy, x, column, width in
            passed(dy, preactivation(operands, x, part, column, width))
        }
    } else {
        gradientRows(dy, operands, slopes, dx, part) { dy, _, _, _ in dy }
    }
}

@inline(__always)
private func gradientRows(
    _ dy: UnsafePointer<Float>, _ operands: BatchNormOperands, _ slopes: UnsafePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>, _ part: MatrixPart,
    _ passing: (_ dy: Vector, _ x: Vector, _ column: Int, _ width: Int) -> Vector
) {
    let scales = operands.factors + BatchNormRow.scale &* part.stride
    forEachVector(part) { column, place, width in
        let x = loadLanes(operands.x + place, width)
        let gradient = passing(loadLanes(dy + place, width), x, column, width)
        var value = loadLanes(slopes + (part.stride &+ column), width)
        value = value.addingProduct(x, loadLanes(slopes + column, width))
        value = value.addingProduct(gradient, loadLanes(scales + column, width))
        storeLanes(value, dx + place, width)
    }
}
