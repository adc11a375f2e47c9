import KernelInterface

func attentionSquareKernels() -> AttentionSquareKernels {
    AttentionSquareKernels(
        pack: packAttentionSquares, attend: attendBySquares, choose: chooseLargest)
}

#if KERNELS_V4
    /// Queries of a vector of scores, which has four lanes, one a key, for each.
    private let squareQueries = 4
    /// The most vectors of scores, one below the other, that are computed together.
    private let mostSquares = 3
    /// One number for each query of a vector of scores.
    private typealias QueryNumbers = SIMD4<Float>
    /// Two numbers for each query of a vector of scores.
    private typealias QueryPairs = SIMD8<Float>
#else
    /// Queries of a vector of scores, which has four lanes, one a key, for each.
    private let squareQueries = 2
    /// The most vectors of scores, one below the other, that are computed together.
    private let mostSquares = 2
    /// One number for each query of a vector of scores.
    private typealias QueryNumbers = SIMD2<Float>
    /// Two numbers for each query of a vector of scores.
    private typealias QueryPairs = SIMD4<Float>
#endif

// MARK: - Keys

@Sendable
private func packAttentionSquares(
    _ rows: AttentionRows, _ destination: UnsafeMutablePointer<Float>, _ width: Int
) {
    var to = destination
    var first = 0
    while first < rows.count {
        let (a, b) = (row(rows, first), row(rows, first &+ 1))
        let (c, d) = (row(rows, first &+ 2), row(rows, first &+ 3))
        var k = 0
        while k < width {
            let square = transposed(
                SIMD16(
                    lowHalf: SIMD8(lowHalf: loadFour(a + k), highHalf: loadFour(b + k)),
                    highHalf: SIMD8(lowHalf: loadFour(c + k), highHalf: loadFour(d + k))))
            UnsafeMutableRawPointer(to).storeBytes(of: square, as: SIMD16<Float>.self)
            to += 16
            k &+= 4
        }
        first &+= 4
    }
}

/// A row, of which none is filler.
@inline(__always)
private func row(_ rows: AttentionRows, _ index: Int) -> UnsafeMutablePointer<Float> {
    place(rows, index) ?? rows.base
}

// MARK: - Attention

@Sendable
private func attendBySquares(_ x: AttentionSquares, _ scratch: UnsafeMutablePointer<Float>) {
    let vectors = (x.queries.count &+ squareQueries &- 1) / squareQueries
    let tiles = (vectors &+ mostSquares &- 1) / mostSquares
    var tile = 0
    var vector = 0
    while tile < tiles {
        let count = (vectors &- vector) / (tiles &- tile)
        attendTile(x, vector &* squareQueries, count, scratch)
        vector &+= count
        tile &+= 1
    }
}

/// Some vectors of queries from number `first` on.
private func attendTile(
    _ x: AttentionSquares, _ first: Int, _ vectors: Int, _ scratch: UnsafeMutablePointer<Float>
) {
    let lanes = Vector.scalarCount
    let groups = x.values.count &>> 2
    let queries = scratch
    let scores = queries + vectors &* x.sizes.keyWidth &* lanes
    let inverse = scores + vectors &* groups &* lanes
    var vector = 0
    while vector < vectors {
        spreadQueries(
            x, first &+ vector &* squareQueries, queries + vector &* x.sizes.keyWidth &* lanes)
        vector &+= 1
    }
    computeScores(vectors, x, queries, scores, groups)
    vector = 0
    while vector < vectors {
        squareSoftmax(
            scores + vector &* groups &* lanes, inverse + vector &* squareQueries, groups)
        vector &+= 1
    }
    var column = 0
    while column < x.sizes.valueWidth {
        weighValues(vectors, x, first, scores, inverse, column)
        column &+= 2 &* lanes
    }
}

/// Each number on four neighbouring lanes.
@_transparent
private func spread(_ numbers: QueryNumbers) -> Vector {
    #if KERNELS_V4
        let low = SIMD8(
            lowHalf: SIMD4(repeating: numbers[0]), highHalf: SIMD4(repeating: numbers[1]))
        let high = SIMD8(
            lowHalf: SIMD4(repeating: numbers[2]), highHalf: SIMD4(repeating: numbers[3]))
        return Vector(lowHalf: low, highHalf: high)
    #else
        return Vector(
            lowHalf: SIMD4(repeating: numbers[0]), highHalf: SIMD4(repeating: numbers[1]))
    #endif
}

/// Writes a vector of queries, `[keyWidth, lanes]`, so scaled that the probabilities are powers of
/// two; behind the last query it stands again.
@inline(never)
private func spreadQueries(
    _ x: AttentionSquares, _ first: Int, _ destination: UnsafeMutablePointer<Float>
) {
    let factors = Vector(repeating: x.sizes.scale * 1.442_695_04)
    let (a, b) = (query(x, first), query(x, first &+ 1))
    #if KERNELS_V4
        let (c, d) = (query(x, first &+ 2), query(x, first &+ 3))
    #endif
    var to = destination
    var k = 0
    while k < x.sizes.keyWidth {
        #if KERNELS_V4
            let rows = Vector(
                lowHalf: SIMD8(lowHalf: loadFour(a + k), highHalf: loadFour(b + k)),
                highHalf: SIMD8(lowHalf: loadFour(c + k), highHalf: loadFour(d + k)))
        #else
            let rows = Vector(lowHalf: loadFour(a + k), highHalf: loadFour(b + k))
        #endif
        let scaled = rows * factors
        for step in 0..<4 {
            #if KERNELS_V4
                let numbers = SIMD4(
                    scaled[step], scaled[4 &+ step], scaled[8 &+ step], scaled[12 &+ step])
            #else
                let numbers = SIMD2(scaled[step], scaled[4 &+ step])
            #endif
            store(spread(numbers), to + step &* Vector.scalarCount)
        }
        to += 4 &* Vector.scalarCount
        k &+= 4
    }
}

/// A query; behind the last one, the last.
@inline(__always)
private func query(_ x: AttentionSquares, _ index: Int) -> UnsafeMutablePointer<Float> {
    let last = x.queries.count &- 1
    return row(x.queries, index < last ? index : last)
}

// MARK: - Softmax

/// `2^x` of numbers that are not positive, within 1.7e-7 of it; below -125 what it is there.
///
/// `x = n + f` with `|f| <= 1/2`; the power of `f` is a minimax polynomial, `n` is added to the
/// exponent. Adding 1.5 * 2^23 rounds to an integer, which the last bits then hold.
@_transparent
private func powerOfTwo(_ argument: Vector) -> Vector {
    let low = Vector(repeating: -125)
    let x = argument.replacing(with: low, where: argument .< low)
    let magic = Vector(repeating: 12_582_912)
    let shifted = x + magic
    let f = x - (shifted - magic)
    var p = Vector(repeating: 0.0013264727)
    p = Vector(repeating: 0.009671513).addingProduct(p, f)
    p = Vector(repeating: 0.055507336).addingProduct(p, f)
    p = Vector(repeating: 0.24022242).addingProduct(p, f)
    p = Vector(repeating: 0.693147).addingProduct(p, f)
    p = Vector(repeating: 1).addingProduct(p, f)
    let exponent = unsafeBitCast(shifted, to: IntegerVector.self) &<< IntegerVector(repeating: 23)
    return unsafeBitCast(unsafeBitCast(p, to: IntegerVector.self) &+ exponent, to: Vector.self)
}

/// `2^(x - max)` of a vector of queries in place, and 1 over the sums.
@inline(never)
private func squareSoftmax(
    _ scores: UnsafeMutablePointer<Float>, _ inverse: UnsafeMutablePointer<Float>, _ groups: Int
) {
    let lanes = Vector.scalarCount
    var largest = load(scores)
    var group = 1
    while group < groups {
        largest = larger(largest, load(scores + group &* lanes))
        group &+= 1
    }
    let pairs = largest.evenHalf.replacing(
        with: largest.oddHalf, where: largest.evenHalf .< largest.oddHalf)
    let top = pairs.evenHalf.replacing(
        with: pairs.oddHalf, where: pairs.evenHalf .< pairs.oddHalf)
    let shift = spread(top)
    var sums = Vector(repeating: 0)
    group = 0
    while group < groups {
        let value = powerOfTwo(load(scores + group &* lanes) - shift)
        sums += value
        store(value, scores + group &* lanes)
        group &+= 1
    }
    let halves = sums.evenHalf + sums.oddHalf
    UnsafeMutableRawPointer(inverse).storeBytes(
        of: QueryNumbers(repeating: 1) / (halves.evenHalf + halves.oddHalf),
        as: QueryNumbers.self)
}

// MARK: - Values

/// Two vectors of each row of the output.
@inline(never)
private func weighValues(
    _ vectors: Int, _ x: AttentionSquares, _ first: Int, _ scores: UnsafePointer<Float>,
    _ inverse: UnsafePointer<Float>, _ column: Int
) {
    switch vectors {
    case 3: weighRows(3 &* squareQueries, x, first, scores, inverse, column)
    case 2: weighRows(2 &* squareQueries, x, first, scores, inverse, column)
    default: weighRows(squareQueries, x, first, scores, inverse, column)
    }
}

@_transparent
private func weighRows(
    _ rows: Int, _ x: AttentionSquares, _ first: Int, _ scores: UnsafePointer<Float>,
    _ inverse: UnsafePointer<Float>, _ column: Int
) {
    let lanes = Vector.scalarCount
    let stride = (x.values.count &>> 2) &* lanes
    var left = zeroSums()
    var right = zeroSums()
    var key = 0
    var weights = scores
    while key < x.values.count {
        let value = row(x.values, key) + column
        let first = load(value)
        let second = load(value + lanes)
        for i in 0..<(rows < 6 ? rows : 6) {
            let weight = Vector(
                repeating: weights[i / squareQueries &* stride &+ i % squareQueries &* 4])
            left[i].addProduct(weight, first)
            right[i].addProduct(weight, second)
        }
        if rows > 6 {
            for i in 6..<rows {
                let weight = Vector(
                    repeating: weights[i / squareQueries &* stride &+ i % squareQueries &* 4])
                left[i].addProduct(weight, first)
                right[i].addProduct(weight, second)
            }
        }
        key &+= 1
        // From the last key of a vector of scores on to the next one.
        weights += key & 3 == 0 ? lanes &- 3 : 1
    }
    for i in 0..<rows {
        guard first &+ i < x.output.count else { break }
        let y = row(x.output, first &+ i)
        finishOutput(
            left[i], right[i], y + column, x.residual.map { $0 + (y - x.output.base) + column },
            inverse[i])
    }
}

/// Writes two vectors of a row times a factor, plus the residual.
@inline(__always)
private func finishOutput(
    _ left: Vector, _ right: Vector, _ y: UnsafeMutablePointer<Float>,
    _ residual: UnsafePointer<Float>?, _ factor: Float
) {
    let factors = Vector(repeating: factor)
    let lanes = Vector.scalarCount
    guard let residual else {
        store(left * factors, y)
        store(right * factors, y + lanes)
        return
    }
    store(load(residual).addingProduct(left, factors), y)
    store(load(residual + lanes).addingProduct(right, factors), y + lanes)
}
