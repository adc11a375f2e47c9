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
