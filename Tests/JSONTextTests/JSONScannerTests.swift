import JSONText
import Testing

/// The error of reading a text as one value, as a user would see it.
private func refusal(_ bytes: [UInt8]) -> String {
    do {
        _ = try JSONValue(parsing: JSONSource(bytes: bytes, name: "a.json"))
        return "accepted"
    } catch {
        return error.description
    }
}

struct Refusal: Sendable, CustomTestStringConvertible {
    let text: String
    let error: String
    var testDescription: String { text.debugDescription }

    init(_ text: String, _ what: String, _ place: String, _ fix: String) {
        self.text = text
        error = "error: \(what)\n  in \(place)\n  fix: \(fix)"
    }
}

private let refusals = [
    Refusal("", "the file is empty", "a.json:1:1", "check the program that wrote it"),
    Refusal("\u{FEFF}", "the file is empty", "a.json:1:1", "check the program that wrote it"),
    Refusal(
        "{\"a\": [1,\n", "the text ends inside a list", "a.json:2:1",
        "the file seems cut off; write or copy it again"),
    Refusal(
        "{\"width\":", "the text ends where a value is expected", "a.json:1:10",
        "the file seems cut off; write or copy it again"),
    Refusal(
        "[1, 2,]", "a comma stands before the closing \"]\"", "a.json:1:6", "remove the comma"),
    Refusal(
        "{\"a\": 1,\n}", "a comma stands before the closing \"}\"", "a.json:1:8",
        "remove the comma"),
    Refusal(
        "[1 2]", "expected \",\" or \"]\", found \"2\"", "a.json:1:4", "correct the syntax"),
    Refusal(
        "{a: 1}", "expected a key in double quotes, found \"a\"", "a.json:1:2",
        "correct the syntax"),
    Refusal(
        "{\"a\" 1}", "expected \":\" after the key, found \"1\"", "a.json:1:6",
        "correct the syntax"),
    Refusal(
        "{\n  \"é\": 1, \"b\": 2,\n \"b\": 3}", "the key \"b\" stands twice in one object",
        "a.json:3:2", "remove one of them; the first is in line 2"),
    Refusal(
        "[\"é\", NaN]", "NaN is no JSON number", "a.json:1:7",
        "write a finite number, or leave the entry out"),
    Refusal(
        "[-Infinity]", "-Infinity is no JSON number", "a.json:1:2",
        "write a finite number, or leave the entry out"),
    Refusal("[01]", "a number begins with a superfluous 0", "a.json:1:2", "remove the 0"),
    Refusal("[1.]", "expected a digit, found \"]\"", "a.json:1:4", "correct the syntax"),
    Refusal("[.5]", "expected a value, found \".\"", "a.json:1:2", "correct the syntax"),
    Refusal("[1e]", "expected a digit, found \"]\"", "a.json:1:4", "correct the syntax"),
    Refusal(
        "[1e400]", "the number is beyond the range of 64-bit floating point", "a.json:1:2",
        "write a number below 1.8e308"),
    Refusal("[+1]", "expected a value, found \"+\"", "a.json:1:2", "correct the syntax"),
    Refusal("[tru]", "expected true or false, found \"t\"", "a.json:1:2", "correct the syntax"),
    Refusal("// no", "expected a value, found \"/\"", "a.json:1:1", "correct the syntax"),
    Refusal(
        "{} {}", "more text follows the end of the value", "a.json:1:4",
        "keep one value in the file"),
    Refusal(
        "[\"a\nb\"]", "a text holds the control character 10", "a.json:1:4",
        "close the quote, or write \"\\\\n\""),
    Refusal(
        "[\"abc", "a text has no closing quote", "a.json:1:2",
        "the file seems cut off, or a quote is missing"),
    Refusal(
        "[\"abc\\", "a text has no closing quote", "a.json:1:2",
        "the file seems cut off, or a quote is missing"),
    Refusal(
        "[\"C:\\data\"]", "a backslash stands before a character that needs none", "a.json:1:5",
        "write \"\\\\\\\\\" for a backslash"),
    Refusal(
        "[\"\\u12\"]", "\"\\u\" is not followed by four hexadecimal digits", "a.json:1:3",
        "write the character itself, or its four digits"),
    Refusal(
        "[\"\\ud83d\"]", "half of a surrogate pair stands alone", "a.json:1:3",
        "write the character itself, or both halves"),
    Refusal(
        "[\"\\ude00\\ud83d\"]", "half of a surrogate pair stands alone", "a.json:1:3",
        "write the character itself, or both halves"),
]

@Test(arguments: refusals) func brokenTextIsRefusedWithItsPlace(_ refused: Refusal) {
    #expect(refusal(Array(refused.text.utf8)) == refused.error)
}

@Test(arguments: refusals) func skippingRefusesWhatReadingRefuses(_ refused: Refusal) {
    // Equal keys and the range of numbers are the affair of whoever uses the values.
    guard !refused.text.contains("\"b\": 3"), refused.text != "[1e400]" else { return }
    var scanner = JSONScanner(JSONSource(text: refused.text, name: "a.json"))
    let error = #expect(throws: JSONError.self) {
        try scanner.skipValue()
        try scanner.finish()
    }
    #expect(error?.description == refused.error)
}

@Test(arguments: ["[", "{\"a\":"]) func deepNestingIsRefused(opening: String) {
    let text = String(repeating: opening, count: 100_000)
    let column = opening.count * 512 + 1
    #expect(
        refusal(Array(text.utf8)) == """
            error: lists and objects are nested deeper than 512
              in a.json:1:\(column)
              fix: check the program that wrote the file
            """)
}

@Test(arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x80]] as [[UInt8]])
func bytesThatAreNotUTF8AreRefused(_ bytes: [UInt8]) {
    let text = Array("[\"abcdefgh".utf8) + bytes + Array("\"]".utf8)
    let expected =
        "error: a text is not valid UTF-8\n  in a.json:1:2\n  fix: save the file as UTF-8"
    #expect(refusal(text) == expected)
}

@Test func markAndCarriageReturnsAreRead() throws {
    let source = JSONSource(text: "\u{FEFF}{\r\n\t\"a\": 1\r\n}\r\n", name: "a.json")
    #expect(try JSONValue(parsing: source) == ["a": 1])
}

@Test func pullingFollowsTheText() throws {
    let text =
        #"{"skip": {"x": [1, {"y": "]}"}], "z": null}, "na\u006de": "é\n", "list": [1.5, -2]}"#
    var scanner = JSONScanner(JSONSource(text: text, name: "a.json"))
    var name = ""
    var list: [Double] = []
    var others: [String] = []
    try scanner.beginObject()
    while let key = try scanner.nextKey() {
        switch key {
        case "name": name = try scanner.readString()
        case "list": list = try scanner.readDoubles()
        default:
            others.append(key.text)
            try scanner.skipValue()
        }
    }
    try scanner.finish()
    #expect(name == "é\n")
    #expect(list == [1.5, -2])
    #expect(others == ["skip"])
}

@Test(arguments: 0...40) func escapesAreFoundAtAnyPlace(length: Int) throws {
    let filler = String(repeating: "x", count: length)
    for (escaped, plain) in [("\\\"", "\""), ("\\\\", "\\"), ("\\ud83d\\ude00", "😀"), ("한", "한")] {
        let source = JSONSource(text: "\"\(filler)\(escaped)\(filler)\"", name: "a.json")
        #expect(try JSONValue(parsing: source).string == filler + plain + filler)
    }
}

@Test func mismatchNamesBothKinds() {
    var scanner = JSONScanner(JSONSource(text: "  \"1\"", name: "a.json"))
    let error = #expect(throws: JSONError.self) { try scanner.readDouble() }
    #expect(
        error?.description == """
            error: expected a number, found a text
              in a.json:1:3
              fix: write a number here
            """)
}

@Test func missingFileIsNamed() {
    let error = #expect(throws: JSONError.self) { try JSONSource(path: "no/such.json") }
    #expect(
        error?.description == """
            error: cannot read the file: No such file or directory
              in no/such.json
              fix: check the path; the file does not exist
            """)
}

@Test(
    arguments: [
        ([0x1F, 0x8B, 8, 0], "gzip", "gunzip"), ([0xFF, 0xFE, 0x7B, 0], "UTF-16", "UTF-8"),
        ([0x7B, 0, 0x22, 0], "UTF-16", "UTF-8"), (Array("PK\u{3}\u{4}".utf8), "zip", "unpack"),
        (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "Git LFS", "git lfs pull"),
        (Array("\n<!DOCTYPE html>".utf8), "web page", "download"),
    ] as [([UInt8], String, String)])
func otherFormatsAreNamed(bytes: [UInt8], look: String, fix: String) {
    let error = refusal(bytes)
    #expect(error.contains(look) && error.contains(fix), "\(error)")
}

@Test func aDeviceIsNoFile() {
    let error = #expect(throws: JSONError.self) { try JSONSource(path: "/dev/zero") }
    #expect(error?.what.contains("device") == true)
}
