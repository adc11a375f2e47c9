import Foundation

/// Splitmix64: a small generator whose whole state is one integer that a checkpoint can hold.
public struct RandomGenerator: RandomNumberGenerator, Sendable {
    /// The state; equal states give equal numbers.
    public var state: UInt64

    /// Makes a generator from its state.
    ///
    /// - Parameter state: Any integer.
    public init(state: UInt64) { self.state = state }

    /// Makes the generator of a named stream: streams of other names are independent.
    ///
    /// - Parameters:
    ///   - seed: The run's seed.
    ///   - stream: The name, hashed by 64-bit FNV-1a.
    public init(seed: UInt64, stream: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var mixer = RandomGenerator(state: hash ^ (seed &* 0x9e37_79b9_7f4a_7c15))
        state = mixer.next()
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number from 0 inclusive to 1 exclusive, with 24 random bits.
    public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// A number from 0 inclusive to 1 exclusive, with 53 random bits.
    public mutating func uniformDouble() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number from the standard normal distribution (Box and Muller, 1958).
    public mutating func normal() -> Float {
        let radius = (-2 * log(1 - uniformDouble())).squareRoot()
        return Float(radius * cos(2 * .pi * uniformDouble()))
    }

    /// An integer from 0 inclusive to `bound` exclusive.
    ///
    /// - Parameter bound: At least 1.
    /// - Returns: The integer.
    public mutating func integer(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}
