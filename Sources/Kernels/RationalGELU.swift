/// `x P(x)` with the normal distribution function, within 8e-7 of the exact value, for plans.
///
/// `P(x) = 1/2 + x A(x^2) / B(x^2)` with polynomials of degree 5 fitted for `|x| <= 5.3`; beyond,
/// `P` stays what it is there. The form by an exponential is exact to 1e-7 and takes twice the
/// operations: on one Zen 4 core 2.0 elements a nanosecond instead of 3.7.
@_transparent
func rationalGELU(_ x: Vector) -> Vector {
    let low = Vector(repeating: -5.3)
    let high = Vector(repeating: 5.3)
    let above = x.replacing(with: low, where: x .< low)
    let inside = above.replacing(with: high, where: above .> high)
    let u = inside * inside
    var a = Vector(repeating: 2.340_791_9e-8)
    a = Vector(repeating: 6.457_639_3e-6).addingProduct(a, u)
    a = Vector(repeating: 1.696_523_6e-4).addingProduct(a, u)
    a = Vector(repeating: 4.683_573_3e-3).addingProduct(a, u)
    a = Vector(repeating: 0.033_832_176).addingProduct(a, u)
    a = Vector(repeating: 0.398_942_15).addingProduct(a, u)
    var b = Vector(repeating: 1.224_432_5e-6)
    b = Vector(repeating: 7.443_633_1e-5).addingProduct(b, u)
    b = Vector(repeating: 1.888_614_3e-3).addingProduct(b, u)
    b = Vector(repeating: 0.028_653_972).addingProduct(b, u)
    b = Vector(repeating: 0.251_469_8).addingProduct(b, u)
    b = Vector(repeating: 1).addingProduct(b, u)
    return above * Vector(repeating: 0.5).addingProduct(inside, a / b)
}
