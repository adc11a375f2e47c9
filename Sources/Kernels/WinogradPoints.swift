// One dimension of the transforms, with the points 0, a, -a, b, -b and infinity. Each is applied
// to columns, then to rows; opposite points share their even and odd halves.

/// The point `a`.
@inline(__always)
var pointA: Vector { Vector(repeating: 0.75) }

/// The point `b`.
@inline(__always)
var pointB: Vector { Vector(repeating: 1.5) }

/// Six vectors, one for each point.
typealias SixVectors = InlineArray<6, Vector>

/// `B' d`: each row holds the coefficients of the polynomial that vanishes at all other points.
@inline(__always)
func inputPoints(_ d: SixVectors) -> SixVectors {
    let product = Vector(repeating: 1.265625)  // a^2 b^2
    let sum = Vector(repeating: -2.8125)  // -(a^2 + b^2)
    let minusA2 = Vector(repeating: -0.5625)
    let minusB2 = Vector(repeating: -2.25)
    let evenA = d[4].addingProduct(d[2], minusB2)
    let oddA = d[3].addingProduct(d[1], minusB2) * pointA
    let evenB = d[4].addingProduct(d[2], minusA2)
    let oddB = d[3].addingProduct(d[1], minusA2) * pointB
    return [
        d[4].addingProduct(d[2], sum).addingProduct(d[0], product),
        evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB,
        d[5].addingProduct(d[3], sum).addingProduct(d[1], product),
    ]
}

/// Four vectors, one for each output.
typealias FourVectors = InlineArray<4, Vector>

/// `A' m`: row `i` holds the powers `i` of the points.
@inline(__always)
func outputPoints(_ m: SixVectors) -> FourVectors {
    let evenA = m[1] + m[2]
    let oddA = (m[1] - m[2]) * pointA
    let evenB = m[3] + m[4]
    let oddB = (m[3] - m[4]) * pointB
    let a2 = Vector(repeating: 0.5625)
    let b2 = Vector(repeating: 2.25)
    return [
        m[0] + (evenA + evenB), oddA + oddB,
        (evenA * a2).addingProduct(evenB, b2),
        m[5].addingProduct(oddA, a2).addingProduct(oddB, b2),
    ]
}

/// `A y`: the values at the points of the polynomial with coefficients `y`.
@inline(__always)
func outputPointsPullback(_ y: FourVectors) -> SixVectors {
    let a2 = Vector(repeating: 0.5625)
    let b2 = Vector(repeating: 2.25)
    let evenA = y[0].addingProduct(y[2], a2)
    let oddA = y[1].addingProduct(y[3], a2) * pointA
    let evenB = y[0].addingProduct(y[2], b2)
    let oddB = y[1].addingProduct(y[3], b2) * pointB
    return [
        y[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB,
        y[3],
    ]
}

/// Three vectors, one for each tap.
typealias ThreeVectors = InlineArray<3, Vector>

/// `1 / N(0)`, where `N(p)` is the product of the distances from `p` to the other points.
@inline(__always)
var weightZero: Vector { Vector(repeating: 0.790_123_457) }

/// `1 / N(a)`, the same for `-a`.
@inline(__always)
var weightA: Vector { Vector(repeating: -0.526_748_971) }

/// `1 / N(b)`, the same for `-b`.
@inline(__always)
var weightB: Vector { Vector(repeating: 0.131_687_243) }

/// `G w`: the values at the points of the polynomial with coefficients `w`, over `N`.
@inline(__always)
func weightPoints(_ w: ThreeVectors) -> SixVectors {
    let a2 = Vector(repeating: 0.5625)
    let b2 = Vector(repeating: 2.25)
    let evenA = w[0].addingProduct(w[2], a2) * weightA
    let oddA = w[1] * (pointA * weightA)
    let evenB = w[0].addingProduct(w[2], b2) * weightB
    let oddB = w[1] * (pointB * weightB)
    return [
        w[0] * weightZero, evenA + oddA, evenA - oddA, evenB + oddB,
        evenB - oddB, w[2],
    ]
}

/// `G' u`.
@inline(__always)
func weightPointsPullback(_ u: SixVectors) -> ThreeVectors {
    let evenA = (u[1] + u[2]) * weightA
    let oddA = (u[1] - u[2]) * (pointA * weightA)
    let evenB = (u[3] + u[4]) * weightB
    let oddB = (u[3] - u[4]) * (pointB * weightB)
    let a2 = Vector(repeating: 0.5625)
    let b2 = Vector(repeating: 2.25)
    return [
        (evenA + evenB).addingProduct(u[0], weightZero), oddA + oddB,
        u[5].addingProduct(evenA, a2).addingProduct(evenB, b2),
    ]
}
