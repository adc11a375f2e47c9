import KernelInterface

// Products of queries and keys by squares: each key of a group meets each query of a vector at once,
// the queries four times side by side as `spreadQueries` writes them, the keys by a load that
// repeats them. Sums have names of their own; in arrays that two loops walk through, the compiler
// leaves them in memory, at a fifteenth of the rate.

/// Scores of up to three vectors of queries and all groups of keys: rows of `groups` vectors.
@inline(never)
func computeScores(
    _ vectors: Int, _ x: AttentionSquares, _ queries: UnsafePointer<Float>,
    _ scores: UnsafeMutablePointer<Float>, _ groups: Int
) {
    var group = 0
    while vectors == 1, group &+ 16 <= groups {
        scoreLine(x, queries, scores, group)
        group &+= 16
    }
    while group &+ 4 <= groups {
        switch vectors {
        case 3: scoreTile(3, x, queries, scores, group)
        case 2: scoreTile(2, x, queries, scores, group)
        default: scoreTile(1, x, queries, scores, group)
        }
        group &+= 4
    }
    while group < groups {
        scoreGroup(vectors, x, queries, scores, group)
        group &+= 1
    }
}

/// Four keys, the same for each query of a vector.
@_transparent
private func repeated(_ keys: UnsafePointer<Float>) -> Vector {
    let four = loadFour(keys)
    let two = SIMD8(lowHalf: four, highHalf: four)
    #if KERNELS_V4
        return SIMD16(lowHalf: two, highHalf: two)
    #else
        return two
    #endif
}

/// Adds the products of a step of a vector of queries and four groups.
@_transparent
private func add4(
    _ x: Vector, _ keys: (Vector, Vector, Vector, Vector), _ a: inout Vector, _ b: inout Vector,
    _ c: inout Vector, _ d: inout Vector
) {
    a = a.addingProduct(x, keys.0)
    b = b.addingProduct(x, keys.1)
    c = c.addingProduct(x, keys.2)
    d = d.addingProduct(x, keys.3)
}

/// A step of four groups that begin at `offsets`.
@_transparent
private func keys4(
    _ keys: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>
) -> (Vector, Vector, Vector, Vector) {
    (
        repeated(keys + Int(offsets[0])), repeated(keys + Int(offsets[1])),
        repeated(keys + Int(offsets[2])), repeated(keys + Int(offsets[3]))
    )
}

/// Writes the sums of four groups.
@_transparent
private func store4(
    _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, _ to: UnsafeMutablePointer<Float>
) {
    store(a, to)
    store(b, to + Vector.scalarCount)
    store(c, to + 2 &* Vector.scalarCount)
    store(d, to + 3 &* Vector.scalarCount)
}

/// Scores of up to three vectors of queries and four groups, from number `first` on.
@_transparent
private func scoreTile(
    _ vectors: Int, _ x: AttentionSquares, _ queries: UnsafePointer<Float>,
    _ scores: UnsafeMutablePointer<Float>, _ first: Int
) {
    let lanes = Vector.scalarCount
    let size = x.sizes.keyWidth &* lanes
    let offsets = x.groups + first
    var a0 = Vector(repeating: 0)
    var (a1, a2, a3) = (a0, a0, a0)
    var (b0, b1, b2, b3) = (a0, a0, a0, a0)
    var (c0, c1, c2, c3) = (a0, a0, a0, a0)
    var query = queries
    let end = queries + size
    var step = x.keys
    while query < end {
        let keys = keys4(step, offsets)
        add4(load(query), keys, &a0, &a1, &a2, &a3)
        if vectors > 1 { add4(load(query + size), keys, &b0, &b1, &b2, &b3) }
        if vectors > 2 { add4(load(query + 2 &* size), keys, &c0, &c1, &c2, &c3) }
        step += 4
        query += lanes
    }
    let stride = (x.values.count &>> 2) &* lanes
    let to = scores + first &* lanes
    store4(a0, a1, a2, a3, to)
    if vectors > 1 { store4(b0, b1, b2, b3, to + stride) }
    if vectors > 2 { store4(c0, c1, c2, c3, to + 2 &* stride) }
}

/// Scores of one vector of queries and sixteen groups, from number `first` on.
@inline(__always)
private func scoreLine(
    _ x: AttentionSquares, _ queries: UnsafePointer<Float>,
    _ scores: UnsafeMutablePointer<Float>, _ first: Int
) {
    let lanes = Vector.scalarCount
    let offsets = x.groups + first
    var a0 = Vector(repeating: 0)
    var (a1, a2, a3) = (a0, a0, a0)
    var (b0, b1, b2, b3) = (a0, a0, a0, a0)
    var (c0, c1, c2, c3) = (a0, a0, a0, a0)
    var (d0, d1, d2, d3) = (a0, a0, a0, a0)
    var query = queries
    let end = queries + x.sizes.keyWidth &* lanes
    var step = x.keys
    while query < end {
        let value = load(query)
        add4(value, keys4(step, offsets), &a0, &a1, &a2, &a3)
        add4(value, keys4(step, offsets + 4), &b0, &b1, &b2, &b3)
        add4(value, keys4(step, offsets + 8), &c0, &c1, &c2, &c3)
        add4(value, keys4(step, offsets + 12), &d0, &d1, &d2, &d3)
        step += 4
        query += lanes
    }
    let to = scores + first &* lanes
    store4(a0, a1, a2, a3, to)
    store4(b0, b1, b2, b3, to + 4 &* lanes)
    store4(c0, c1, c2, c3, to + 8 &* lanes)
    store4(d0, d1, d2, d3, to + 12 &* lanes)
}

/// Scores of up to three vectors of queries and one group.
@inline(__always)
private func scoreGroup(
    _ vectors: Int, _ x: AttentionSquares, _ queries: UnsafePointer<Float>,
    _ scores: UnsafeMutablePointer<Float>, _ group: Int
) {
    let lanes = Vector.scalarCount
    let size = x.sizes.keyWidth &* lanes
    // Vectors that are not there are the first one again.
    let middle = vectors > 1 ? size : 0
    let bottom = vectors > 2 ? 2 &* size : 0
    var a = Vector(repeating: 0)
    var (b, c) = (a, a)
    var query = queries
    let end = queries + size
    var step = x.keys + Int(x.groups[group])
    while query < end {
        let key = repeated(step)
        a = a.addingProduct(load(query), key)
        b = b.addingProduct(load(query + middle), key)
        c = c.addingProduct(load(query + bottom), key)
        step += 4
        query += lanes
    }
    let stride = (x.values.count &>> 2) &* lanes
    let to = scores + group &* lanes
    store(a, to)
    if vectors > 1 { store(b, to + stride) }
    if vectors > 2 { store(c, to + 2 &* stride) }
}
