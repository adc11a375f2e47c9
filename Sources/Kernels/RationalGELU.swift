/// `x P(x)` with the normal distribution function, within 1e-6 of the exact value or 2 units in the
/// last place, for plans.
///
/// `P(x) = 1/2 + x A(x^2) / B(x^2)` with polynomials of degree 4 and 5, a minimax pair for
/// `|x| <= 5.2`; beyond, `P` stays what it is there.
@_transparent
func rationalGELU(_ x: Vector) -> Vector {
    let low = Vector(repeating: -5.2)
    let high = Vector(repeating: 5.2)
    let above = x.replacing(with: low, where: x .< low)
    let inside = above.replacing(with: high, where: above .> high)
    let u = inside * inside
    var a = Vector(repeating: 8.952_087e-6)
    a = Vector(repeating: 4.897_428_4e-4).addingProduct(a, u)
    a = Vector(repeating: 6.593_743_3e-3).addingProduct(a, u)
    a = Vector(repeating: 0.064_877_123).addingProduct(a, u)
    a = Vector(repeating: 0.398_937_52).addingProduct(a, u)
    var b = Vector(repeating: 7.315_886_7e-7)
    b = Vector(repeating: 1.792_390_2e-4).addingProduct(b, u)
    b = Vector(repeating: 3.678_970_5e-3).addingProduct(b, u)
    b = Vector(repeating: 0.046_458_125).addingProduct(b, u)
    b = Vector(repeating: 0.329_246_46).addingProduct(b, u)
    b = Vector(repeating: 1).addingProduct(b, u)
    return above * Vector(repeating: 0.5).addingProduct(inside, a / b)
}

/// GELU and its slope for training: within 3e-7 of `max(1, |x|)`, and within 5e-7.
///
/// `P(x) = 1/2 + x A(x^2) / B(x^2)` and `P(x) + x p(x) = 1/2 + x C(x^2) / B(x^2)` with polynomials
/// of degree 5, 6 and 7, so that both need one division; a minimax triple for `|x| <= 5.6`, beyond
/// which both stay what they are there.
struct NormalQuotients {
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
