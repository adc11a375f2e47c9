import JSONText
import Testing

private func number(_ text: String) throws -> JSONNumber {
    var scanner = JSONScanner(JSONSource(text: text, name: "a.json"))
    return try scanner.readNumber()
}

private struct Hard: Sendable {
    let text: String
    let bits: UInt64
}

/// Bit patterns from Python's `struct.pack(">d", json.loads(text))`.
private let hardDoubles = [
    Hard(text: "0.0", bits: 0x0000000000000000),
    Hard(text: "-0.0", bits: 0x8000000000000000),
    Hard(text: "1.0", bits: 0x3FF0000000000000),
    Hard(text: "0.1", bits: 0x3FB999999999999A),
    Hard(text: "-0.3", bits: 0xBFD3333333333333),
    Hard(text: "3.14159", bits: 0x400921F9F01B866E),
    Hard(text: "473.07000000000005", bits: 0x407D911EB851EB86),
    Hard(text: "0.30000000000000004", bits: 0x3FD3333333333334),
    Hard(text: "9007199254740993.0", bits: 0x4340000000000000),
    Hard(text: "9007199254740992.5", bits: 0x4340000000000000),
    Hard(text: "9007199254740993.00000000000000000001", bits: 0x4340000000000001),
    Hard(text: "1e22", bits: 0x4480F0CF064DD592),
    Hard(text: "1e23", bits: 0x44B52D02C7E14AF6),
    Hard(text: "-1e23", bits: 0xC4B52D02C7E14AF6),
    Hard(text: "8.5e22", bits: 0x44B1FFDBF6B2B2EB),
    Hard(text: "123456789012345678e-20", bits: 0x3F543A272D9E0E51),
    Hard(text: "1234567890123456789e-19", bits: 0x3FBF9ADD3746F65F),
    Hard(text: "9999999999999999999e-19", bits: 0x3FF0000000000000),
    Hard(text: "99999999999999999999e-20", bits: 0x3FF0000000000000),
    Hard(text: "18446744073709551615e-3", bits: 0x4350624DD2F1A9FC),
    Hard(text: "0.000001", bits: 0x3EB0C6F7A0B5ED8D),
    Hard(text: "5e-324", bits: 0x0000000000000001),
    Hard(text: "2.4703282292062327e-324", bits: 0x0000000000000000),
    Hard(text: "2.4703282292062328e-324", bits: 0x0000000000000001),
    Hard(text: "2.2250738585072011e-308", bits: 0x000FFFFFFFFFFFFF),
    Hard(text: "2.2250738585072014e-308", bits: 0x0010000000000000),
    Hard(text: "1.7976931348623157e308", bits: 0x7FEFFFFFFFFFFFFF),
    Hard(text: "1.7976931348623158e308", bits: 0x7FEFFFFFFFFFFFFF),
    Hard(text: "1e-400", bits: 0x0000000000000000),
    Hard(text: "4.35", bits: 0x4011666666666666),
    Hard(text: "8.41e21", bits: 0x447C7E83209E90B2),
    Hard(text: "9.409340012568248e18", bits: 0x43E052961C6F8000),
    Hard(text: "6.929495644600919e15", bits: 0x43389E56EE5E7A57),
    Hard(text: "0.6666666666666666", bits: 0x3FE5555555555555),
    Hard(text: "7.2057594037927933e16", bits: 0x4370000000000000),
    Hard(text: "2.5e-1", bits: 0x3FD0000000000000),
    Hard(text: "1E+2", bits: 0x4059000000000000),
    Hard(text: "179769313486231570e291", bits: 0x7FEFFFFFFFFFFFFF),
    Hard(
        text: "0.1000000000000000055511151231257827021181583404541015625", bits: 0x3FB999999999999A),
    Hard(text: "0.50000000000000005551115123125782702118158340454101562", bits: 0x3FE0000000000000),
    Hard(text: "100000000000000000000000000000000000000e-38", bits: 0x3FF0000000000000),
    Hard(text: "1.00000000000000011102230246251565404236316680908203125", bits: 0x3FF0000000000000),
    Hard(text: "1.00000000000000011102230246251565404236316680908203124", bits: 0x3FF0000000000000),
    Hard(text: "1.00000000000000011102230246251565404236316680908203126", bits: 0x3FF0000000000001),
]

@Test(arguments: hardDoubles.map(\.text)) func doublesAreRoundedAsPythonDoes(text: String) throws {
    let hard = try #require(hardDoubles.first { $0.text == text })
    guard case .double(let value) = try number(text) else {
        Issue.record("\(text) is read as an integer")
        return
    }
    #expect(value.bitPattern == hard.bits)
}

@Test(arguments: [
    ("0", 0), ("-0", 0), ("7", 7), ("-17", -17), ("9223372036854775807", Int64.max),
    ("-9223372036854775808", Int64.min),
])
func integersAreExact(text: String, value: Int64) throws {
    #expect(try number(text) == .integer(value))
}

@Test(arguments: [
    "9223372036854775808", "18446744073709551615", "-9223372036854775809",
    "123456789012345678901234567890",
])
func integersBeyond64BitsKeepTheirDigits(text: String) throws {
    #expect(try number(text) == .bigInteger(text))
}

@Test(arguments: ["3.0", "3e0", "1E2", "-0.0"]) func fractionOrExponentMakesNoInteger(text: String)
{
    var scanner = JSONScanner(JSONSource(text: text, name: "a.json"))
    let error = #expect(throws: JSONError.self) { try scanner.readInteger() }
    #expect(error?.what.hasPrefix("expected an integer, found ") == true)
}

@Test func randomDoublesSurviveTheirShortestText() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
        let value = Double(bitPattern: generator.next())
        guard value.isFinite else { continue }
        var writer = JSONWriter()
        writer.double(value)
        var scanner = JSONScanner(JSONSource(bytes: writer.bytes, name: "a.json"))
        #expect(try scanner.readDouble().bitPattern == value.bitPattern)
    }
}

@Test func randomDecimalsAgreeWithTheStandardLibrary() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
        let digits = String(UInt64.random(in: 0...UInt64.max, using: &generator))
        let point = Int.random(in: 1...digits.count, using: &generator)
        let exponent = Int.random(in: -30...30, using: &generator)
        let text = digits.prefix(point) + "." + digits.dropFirst(point) + "0e\(exponent)"
        guard digits.first != "0" || point == 1 else { continue }
        var scanner = JSONScanner(JSONSource(text: String(text), name: "a.json"))
        #expect(try scanner.readDouble() == Double(String(text)))
    }
}
