#if KERNELS_V4
    /// Integers of the width of `Vector`.
    typealias IntegerVector = SIMD16<Int32>
#else
    /// Integers of the width of `Vector`.
    typealias IntegerVector = SIMD8<Int32>
#endif

// Functions that several large loops share are `@_transparent`: `@inline(__always)` is not heeded
// everywhere, and a call passes a wide vector in four parts. GELU went from 0.95 to 2.0 elements a
// nanosecond, softmax over 256 channels from 0.94 to 3.0.

/// Reads a whole vector, or its first `width` lanes at the end of a row.
@inline(__always)
func loadLanes(_ source: UnsafePointer<Float>, _ width: Int) -> Vector {
    width == Vector.scalarCount ? load(source) : loadPartial(source, width)
}

/// Writes a whole vector, or its first `width` lanes at the end of a row.
@inline(__always)
func storeLanes(_ value: Vector, _ destination: UnsafeMutablePointer<Float>, _ width: Int) {
    if width == Vector.scalarCount {
        store(value, destination)
    } else {
        storePartial(value, destination, width)
    }
}

/// The sum of all lanes, by halves.
@_transparent
func horizontalSum(_ value: Vector) -> Float {
    #if KERNELS_V4
        let eight = value.lowHalf + value.highHalf
    #else
        let eight = value
    #endif
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
}

/// The larger of two vectors, lane by lane; the first where they cannot be compared.
@_transparent
func larger(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: a .< b) }

/// The largest lane.
@inline(__always)
func horizontalMaximum(_ value: Vector) -> Float {
    var result = value[0]
    for lane in 1..<Vector.scalarCount where value[lane] > result { result = value[lane] }
    return result
}

/// `exp(x)` within 2 units in the last place.
///
/// Below -86.9 the result is 0, above 88.73 it is infinite. `x = n ln 2 + r` with `|r| <= ln 2 / 2`;
/// `exp(r)` is a polynomial fitted to a relative error of 3e-9, `n` is put in the exponent.
/// Conversion to an integer is done by adding 1.5 * 2^23, whose last bits then hold it.
@_transparent
func exponential(_ argument: Vector) -> Vector {
    let high = Vector(repeating: 89)
    let low = Vector(repeating: -87.3)
    var x = argument.replacing(with: high, where: argument .> high)
    x = x.replacing(with: low, where: x .< low)
    let magic = Vector(repeating: 12_582_912)
    let shifted = magic.addingProduct(x, Vector(repeating: 1.442_695_04))
    let p = exponentialOfRest(x, shifted - magic)
    // Half of 2^n, doubled after: so that n = 128 has an exponent too.
    let bits = unsafeBitCast(shifted, to: IntegerVector.self)
    let exponent = (bits &+ IntegerVector(repeating: 126)) &<< IntegerVector(repeating: 23)
    let half = unsafeBitCast(exponent, to: Vector.self)
    return (p * half) * Vector(repeating: 2)
}

/// `exp(x - n ln 2)` for `n` next to `x / ln 2`.
@_transparent
func exponentialOfRest(_ x: Vector, _ n: Vector) -> Vector {
    var r = x.addingProduct(n, Vector(repeating: -0.693_145_752))
    r = r.addingProduct(n, Vector(repeating: -1.428_606_82e-6))
    var p = Vector(repeating: 0.001_381_446_7)
    p = Vector(repeating: 0.008_368_781).addingProduct(p, r)
    p = Vector(repeating: 0.041_668_393).addingProduct(p, r)
    p = Vector(repeating: 0.166_665_2).addingProduct(p, r)
    p = Vector(repeating: 0.499_999_94).addingProduct(p, r)
    p = r.addingProduct(p, r * r)
    return Vector(repeating: 1) + p
}

/// `1 / (1 + exp(-x))`.
@_transparent
func logistic(_ x: Vector) -> Vector {
    let one = Vector(repeating: 1)
    return one / (one + exponential(Vector(repeating: 0) - x))
}
