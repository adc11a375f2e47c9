/// A JSON number without loss.
public enum JSONNumber: Hashable, Sendable {
    /// Digits alone, within 64 bits.
    case integer(Int64)
    /// Digits alone, beyond 64 bits, as they stand.
    case bigInteger(String)
    /// A number with a fraction or an exponent, rounded to the nearest double.
    case double(Double)
}

/// A number as scanned: `(-1)^isNegative * mantissa * 10^exponent` where `isExact`.
struct NumberToken {
    let start: Int
    let isNegative: Bool
    var mantissa: UInt64 = 0
    var digitCount = 0
    var exponent = 0
    var isIntegral = true

    /// Whether all digits are in `mantissa`: 19 always fit 64 bits.
    var isExact: Bool { digitCount <= 19 }
}

extension JSONScanner {
    /// Reads a number of any form.
    ///
    /// - Returns: an integer where the text has neither fraction nor exponent (`3.0` is none).
    /// - Throws: `JSONError` when no number follows, or one beyond the range of a double.
    public mutating func readNumber() throws(JSONError) -> JSONNumber {
        let token = try scanNumber()
        guard token.isIntegral else { return .double(try double(token)) }
        if token.isExact {
            if let value = Int64(exactly: token.mantissa) {
                return .integer(token.isNegative ? -value : value)
            }
            if token.isNegative, token.mantissa == Int64.min.magnitude { return .integer(.min) }
        }
        return .bigInteger(String(decoding: source.bytes(token.start, offset), as: UTF8.self))
    }

    /// Reads a number as the nearest double.
    public mutating func readDouble() throws(JSONError) -> Double {
        let token = try scanNumber()
        return try double(token)
    }

    /// Reads an integer.
    ///
    /// - Returns: its value.
    /// - Throws: `JSONError` when the number has a fraction or exponent or exceeds 64 bits.
    public mutating func readInteger() throws(JSONError) -> Int {
        skipWhitespace()
        let start = offset
        switch try readNumber() {
        case .integer(let value): return Int(value)
        case .bigInteger:
            throw failure("the integer exceeds 64 bits", at: start, fix: "write a smaller number")
        case .double(let value):
            throw failure(
                "expected an integer, found \(value)", at: start, fix: "write an integer here")
        }
    }

    /// Reads a list of numbers.
    public mutating func readDoubles() throws(JSONError) -> [Double] {
        try beginArray()
        var values: [Double] = []
        while try nextElement() { values.append(try readDouble()) }
        return values
    }

    /// Passes over a list of numbers without keeping them.
    ///
    /// - Returns: how many there are.
    /// - Throws: `JSONError` when it is no list, or holds anything but numbers.
    public mutating func skipNumbers() throws(JSONError) -> Int {
        try beginArray()
        var count = 0
        while try nextElement() {
            _ = try scanNumber()
            count += 1
        }
        return count
    }

    // MARK: - Scanning

    mutating func scanNumber() throws(JSONError) -> NumberToken {
        skipWhitespace()
        let start = offset
        let isNegative = offset < end && base[offset] == UInt8(ascii: "-")
        var token = NumberToken(start: start, isNegative: isNegative)
        if isNegative { offset += 1 }
        let first = offset
        token.digitCount = scanDigits(into: &token.mantissa)
        guard token.digitCount > 0 else {
            offset = start
            throw mismatch(.number)
        }
        guard token.digitCount == 1 || base[first] != UInt8(ascii: "0") else {
            throw failure(
                "a number begins with a superfluous 0", at: start, fix: "remove the 0")
        }
        guard offset < end else { return token }
        if base[offset] == UInt8(ascii: ".") {
            offset += 1
            token.isIntegral = false
            let count = scanDigits(into: &token.mantissa)
            guard count > 0 else { throw failure(expected: "a digit") }
            token.digitCount += count
            token.exponent = -count
        }
        if offset < end, base[offset] | 0x20 == UInt8(ascii: "e") {
            token.isIntegral = false
            token.exponent += try scanExponent()
        }
        return token
    }

    /// Adds the digits that follow to a mantissa, which wraps beyond 19, and counts them.
    @inline(__always)
    private mutating func scanDigits(into mantissa: inout UInt64) -> Int {
        var index = offset
        var value = mantissa
        while index < end, case let digit = base[index] &- UInt8(ascii: "0"), digit < 10 {
            value = value &* 10 &+ UInt64(digit)
            index += 1
        }
        let count = index - offset
        mantissa = value
        offset = index
        return count
    }

    private mutating func scanExponent() throws(JSONError) -> Int {
        offset += 1
        var isNegative = false
        if offset < end, base[offset] == UInt8(ascii: "-") || base[offset] == UInt8(ascii: "+") {
            isNegative = base[offset] == UInt8(ascii: "-")
            offset += 1
        }
        let first = offset
        var value = 0
        while offset < end, case let digit = base[offset] &- UInt8(ascii: "0"), digit < 10 {
            value = min(value * 10 + Int(digit), 1_000_000)
            offset += 1
        }
        guard offset > first else { throw failure(expected: "a digit") }
        return isNegative ? -value : value
    }

    // MARK: - Rounding

    /// The double nearest to a number, ties to even.
    ///
    /// Up to 2^53 and 10^22 both operands are exact, so that one multiplication or division
    /// rounds once. Longer mantissas over powers of ten up to 10^19 are divided in 128 bits: the
    /// quotient has at least 63 bits, and a set lowest bit stands for the remainder. What is left
    /// is rare and goes through the standard library.
    private func double(_ token: NumberToken) throws(JSONError) -> Double {
        let sign: Double = token.isNegative ? -1 : 1
        if token.isExact {
            let mantissa = token.mantissa
            if mantissa == 0 || token.exponent == 0 { return sign * Double(mantissa) }
            if mantissa <= 1 << 53, (-22...22).contains(token.exponent) {
                let power = Self.powersOfTen[abs(token.exponent)]
                let value = Double(mantissa)
                return sign * (token.exponent > 0 ? value * power : value / power)
            }
            if (-19 ... -1).contains(token.exponent) {
                return sign * Self.quotient(mantissa, Self.integerPowersOfTen[-token.exponent])
            }
        }
        let text = String(decoding: source.bytes(token.start, offset), as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw failure(
                "the number is beyond the range of 64-bit floating point", at: token.start,
                fix: "write a number below 1.8e308")
        }
        return value
    }

    /// The double nearest to `dividend / divisor`, both positive.
    private static func quotient(_ dividend: UInt64, _ divisor: UInt64) -> Double {
        let dividendShift = dividend.leadingZeroBitCount
        let divisorShift = divisor.leadingZeroBitCount
        let normalized = dividend << UInt64(dividendShift)
        let result = (divisor << UInt64(divisorShift))
            .dividingFullWidth((high: normalized >> 1, low: normalized << 63))
        let sticky: UInt64 = result.remainder == 0 ? 0 : 1
        let exponent = divisorShift - dividendShift - 63
        return Double(
            sign: .plus, exponent: exponent, significand: Double(result.quotient | sticky))
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    private static let integerPowersOfTen: [UInt64] = (0...19).map { exponent in
        (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
}
