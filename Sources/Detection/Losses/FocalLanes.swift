/// Terms of the focal loss of background entries, eight lanes at a time.
///
/// For a logit `x` with `p = sigma(x)`: value `softplus(x) p^gamma`, derivative
/// `p^gamma (p + gamma (1 - p) softplus(x))`. A positive entry is the same at `-x`.
///
/// Library functions take one lane at a time, and a batch has millions of entries, hence the
/// exponential and the logarithm by polynomials here: their relative error is below 3e-7.
struct FocalLanes {
    typealias Lanes = SIMD8<Float>

    /// The terms of eight entries.
    struct Terms {
        var value: Lanes
        var derivative: Lanes
    }

    let gamma: Float

    /// Value and derivative at eight logits.
    @inline(__always)
    func terms(_ x: Lanes) -> Terms {
        let zero = Lanes(repeating: 0)
        let magnitude = x.replacing(with: zero - x, where: x .< zero)
        let e = Self.exponential(zero - magnitude)
        let logarithm = Self.logOnePlus(e)
        let softplus = x.replacing(with: zero, where: x .< zero) + logarithm
        let reciprocal = 1 / (1 + e)
        let p = reciprocal.replacing(with: e * reciprocal, where: x .< zero)
        let complement = (e * reciprocal).replacing(with: reciprocal, where: x .< zero)
        let power: Lanes
        if gamma == 2 {
            power = p * p
        } else {
            // ln p = min(x, 0) - ln(1 + exp(-|x|))
            let logP = x.replacing(with: zero, where: x .> zero) - logarithm
            power = Self.exponential(gamma * logP)
        }
        return Terms(
            value: softplus * power, derivative: power * (p + gamma * complement * softplus))
    }

    /// `exp(x)` for `x` not above 0; 0 below the range of normal floats.
    @inline(__always)
    static func exponential(_ x: Lanes) -> Lanes {
        let least = Lanes(repeating: -87)
        let isTiny = x .< least
        let bounded = x.replacing(with: least, where: isTiny)
        // Adding 1.5 x 2^23 rounds to an integer, which is then in the low bits.
        let magic = Lanes(repeating: 12_582_912)
        let shifted = bounded * 1.442_695 + magic
        let n = shifted - magic
        let r = (bounded - n * 0.693_359_4) - n * -2.121_944_4e-4
        var y = Lanes(repeating: 1.388_888_9e-3)
        y = y * r + 8.333_333_4e-3
        y = y * r + 4.166_666_8e-2
        y = y * r + 0.166_666_67
        y = y * r + 0.5
        y = y * r + 1
        y = y * r + 1
        let bits = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- 0x4B40_0000 &+ 127
        let power = unsafeBitCast(bits &<< 23, to: Lanes.self)
        return (y * power).replacing(with: 0, where: isTiny)
    }

    /// `ln(1 + e)` for `e` from 0 to 1, by the series of the inverse hyperbolic tangent.
    @inline(__always)
    static func logOnePlus(_ e: Lanes) -> Lanes {
        let s = e / (2 + e)
        let square = s * s
        var y = Lanes(repeating: 2 / 13)
        y = y * square + 2 / 11
        y = y * square + 2 / 9
        y = y * square + 2 / 7
        y = y * square + 0.4
        y = y * square + 2 / 3
        y = y * square + 2
        return y * s
    }

    /// Replaces logits by derivatives times a factor and returns the sum of the values times it.
    ///
    /// - Parameters:
    ///   - x: The logits, overwritten.
    ///   - count: How many.
    ///   - factor: Weight of every entry.
    /// - Returns: The sum of the weighted values.
    func replaceByDerivatives(
        _ x: UnsafeMutablePointer<Float>, _ count: Int, factor: Float
    ) -> Double {
        var sums = Lanes(repeating: 0)
        let whole = count & ~7
        for start in stride(from: 0, to: whole, by: 8) {
            let place = UnsafeMutableRawPointer(x + start)
            let result = terms(place.loadUnaligned(as: Lanes.self))
            sums += result.value
            place.storeBytes(of: result.derivative * factor, as: Lanes.self)
        }
        var total = 0.0
        for lane in 0..<8 { total += Double(sums[lane]) }
        for index in whole..<count {
            let result = terms(Lanes(repeating: x[index]))
            total += Double(result.value[0])
            x[index] = result.derivative[0] * factor
        }
        return total * Double(factor)
    }
}
