/// GELU and its slope for training: within 3e-7 of `max(1, |x|)`, and within 5e-7.
///
/// `P(x) = 1/2 + x A(x^2) / B(x^2)` and `P(x) + x p(x) = 1/2 + x C(x^2) / B(x^2)` with polynomials
/// of degree 5, 6 and 7, so that both need one division; a minimax triple for `|x| <= 5.6`, beyond
/// which both stay what they are there.
private struct NormalQuotients {
    /// `x` without what lies below the range: there `P` is 0 to single precision.
    private let above: Vector
    /// `x` inside of the range.
    private let inside: Vector
    private let square: Vector
    private let inverse: Vector

    @_transparent
    init(_ x: Vector) {
        let low = Vector(repeating: -5.6)
        let high = Vector(repeating: 5.6)
        above = x.replacing(with: low, where: x .< low)
        inside = above.replacing(with: high, where: above .> high)
        let u = inside * inside
        var b = Vector(repeating: 5.436_936_5e-10)
        b = Vector(repeating: 1.236_240_1e-6).addingProduct(b, u)
        b = Vector(repeating: 8.241_188e-5).addingProduct(b, u)
        b = Vector(repeating: 2.054_52e-3).addingProduct(b, u)
        b = Vector(repeating: 0.030_287_379).addingProduct(b, u)
        b = Vector(repeating: 0.258_460_85).addingProduct(b, u)
        b = Vector(repeating: 1).addingProduct(b, u)
        square = u
        inverse = Vector(repeating: 1) / b
    }

    /// `x P(x)`.
    @_transparent
    var value: Vector {
        var a = Vector(repeating: 2.636_806_9e-8)
        a = Vector(repeating: 6.659_262e-6).addingProduct(a, square)
        a = Vector(repeating: 1.965_600_2e-4).addingProduct(a, square)
        a = Vector(repeating: 4.871_310_7e-3).addingProduct(a, square)
        a = Vector(repeating: 0.036_620_457).addingProduct(a, square)
        a = Vector(repeating: 0.398_942_11).addingProduct(a, square)
        return above * Vector(repeating: 0.5).addingProduct(inside, a * inverse)
    }

    /// `P(x) + x p(x)` with the normal density `p`.
    @_transparent
    var slope: Vector {
        var c = Vector(repeating: -4.688_068_3e-11)
        c = Vector(repeating: 7.998_310_5e-9).addingProduct(c, square)
        c = Vector(repeating: -5.671_923e-7).addingProduct(c, square)
        c = Vector(repeating: 3.163_627_4e-5).addingProduct(c, square)
        c = Vector(repeating: -4.509_283e-4).addingProduct(c, square)
        c = Vector(repeating: 0.015_272_262).addingProduct(c, square)
        c = Vector(repeating: -0.059_744_04).addingProduct(c, square)
        c = Vector(repeating: 0.797_885_5).addingProduct(c, square)
        return Vector(repeating: 0.5).addingProduct(inside, c * inverse)
    }
}

// MARK: - Loops

/// GELU of a run of elements.
@Sendable
func geluElements(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(NormalQuotients(load(x + i)).value, y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 { storePartial(NormalQuotients(loadPartial(x + i, rest)).value, y + i, rest) }
}

/// The gradient of GELU times that of its output.
@Sendable
func geluPullbackElements(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(load(dy + i) * NormalQuotients(load(x + i)).slope, dx + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 {
        let last = loadPartial(dy + i, rest) * NormalQuotients(loadPartial(x + i, rest)).slope
        storePartial(last, dx + i, rest)
    }
}

/// GELU and its slope from one division: bit by bit what both have alone.
@Sendable
func geluAndPullbackElements(
    _ dx: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        let quotients = NormalQuotients(load(x + i))
        store(load(dx + i) * quotients.slope, dx + i)
        store(quotients.value, y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 {
        let quotients = NormalQuotients(loadPartial(x + i, rest))
        storePartial(loadPartial(dx + i, rest) * quotients.slope, dx + i, rest)
        storePartial(quotients.value, y + i, rest)
    }
}
