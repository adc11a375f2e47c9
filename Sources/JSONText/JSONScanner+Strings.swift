/// Where a text stands between its quotes, and what it takes to decode it.
struct StringToken {
    let start: Int
    let end: Int
    let hasEscape: Bool
    let hasNonASCII: Bool
}

/// A key of an object, compared with names without making a `String`.
///
/// Refers to the text without keeping it alive, which would cost a reference count a key: use a
/// key while its scanner exists.
public struct JSONKey {
    unowned(unsafe) let source: JSONSource
    let token: StringToken

    /// Index of its opening quote in the text.
    public var offset: Int { token.start - 1 }

    /// The key as a `String`.
    public var text: String {
        let decoded = token.hasEscape ? try? JSONScanner(source).text(of: token) : nil
        return decoded ?? String(decoding: source.bytes(token.start, token.end), as: UTF8.self)
    }

    /// Whether the key is that name; lets a `switch` over a key have names as cases.
    ///
    /// - Parameters:
    ///   - name: a name in ASCII.
    ///   - key: the key.
    /// - Returns: whether they are equal.
    public static func ~= (name: StaticString, key: JSONKey) -> Bool {
        if key.token.hasEscape { return key.text == "\(name)" }
        let count = name.utf8CodeUnitCount
        guard key.token.end - key.token.start == count else { return false }
        let bytes = key.source.base + key.token.start
        for index in 0..<count where bytes[index] != name.utf8Start[index] { return false }
        return true
    }
}

extension JSONScanner {
    /// Passes over a text whose opening quote is next, finding its end.
    ///
    /// Looks at eight bytes at a time: `(x - 0x01...) & ~x & 0x80...` marks bytes that are 0.
    mutating func scanString() throws(JSONError) -> StringToken {
        let start = offset + 1
        var index = start
        var hasEscape = false
        var highBits: UInt64 = 0
        while true {
            if end - index >= 8 {
                let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
                let special = Self.specialBytes(UInt64(littleEndian: word))
                highBits |= word
                guard special != 0 else {
                    index += 8
                    continue
                }
                index += special.trailingZeroBitCount >> 3
            }
            guard index < end else { throw unterminated(start - 1) }
            let byte = base[index]
            highBits |= UInt64(byte)
            if byte == UInt8(ascii: "\"") { break }
            if byte < 0x20 { throw controlCharacter(byte, at: index) }
            let isEscape = byte == UInt8(ascii: "\\")
            hasEscape = hasEscape || isEscape
            index += isEscape ? 2 : 1
        }
        offset = index + 1
        return StringToken(
            start: start, end: index, hasEscape: hasEscape,
            hasNonASCII: highBits & 0x8080_8080_8080_8080 != 0)
    }

    /// Marks the quotes, backslashes and control characters of eight bytes.
    ///
    /// Only the lowest mark is exact: a borrow may set marks above a true one.
    private static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let marks =
            ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
            | ((word &- (ones &* 0x20)) & ~word)
        return marks & (ones &* 0x80)
    }

    /// Passes over a text, checking escapes and encoding.
    mutating func skipString() throws(JSONError) {
        let token = try scanString()
        if token.hasEscape {
            _ = try text(of: token)
        } else if token.hasNonASCII {
            try checkUTF8(token)
        }
    }

    /// The text of a token, with its escapes decoded.
    func text(of token: StringToken) throws(JSONError) -> String {
        let raw = source.bytes(token.start, token.end)
        guard token.hasEscape else {
            guard let text = String(validating: raw, as: UTF8.self) else { throw notUTF8(token) }
            return text
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var index = token.start
        while index < token.end {
            if base[index] == UInt8(ascii: "\\") {
                try decodeEscape(at: &index, end: token.end, into: &bytes)
            } else {
                bytes.append(base[index])
                index += 1
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw notUTF8(token) }
        return text
    }

    func checkUTF8(_ token: StringToken) throws(JSONError) {
        let raw = source.bytes(token.start, token.end)
        guard String(validating: raw, as: UTF8.self) != nil else { throw notUTF8(token) }
    }

    // MARK: - Escapes

    private func decodeEscape(
        at index: inout Int, end: Int, into bytes: inout [UInt8]
    ) throws(JSONError) {
        let start = index
        let letter = base[index + 1]
        index += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try unicodeEscape(at: &index, end: end, start: start)
            bytes += Array(String(Character(scalar)).utf8)
        default:
            throw failure(
                "a backslash stands before a character that needs none", at: start,
                fix: "write \"\\\\\\\\\" for a backslash")
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair.
    private func unicodeEscape(
        at index: inout Int, end: Int, start: Int
    ) throws(JSONError) -> Unicode.Scalar {
        guard let first = hexadecimal(at: index, end: end) else {
            throw failure(
                "\"\\u\" is not followed by four hexadecimal digits", at: start,
                fix: "write the character itself, or its four digits")
        }
        index += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, end - index >= 6, base[index] == UInt8(ascii: "\\"),
            base[index + 1] == UInt8(ascii: "u"), let second = hexadecimal(at: index + 2, end: end),
            (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        {
            index += 6
            return scalar
        }
        throw failure(
            "half of a surrogate pair stands alone", at: start,
            fix: "write the character itself, or both halves")
    }

    private func hexadecimal(at index: Int, end: Int) -> UInt32? {
        guard end - index >= 4 else { return nil }
        var value: UInt32 = 0
        for position in index..<index + 4 {
            guard let digit = Character(Unicode.Scalar(base[position])).hexDigitValue else {
                return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    // MARK: - Failures

    private func unterminated(_ start: Int) -> JSONError {
        failure(
            "a text has no closing quote", at: start,
            fix: "the file seems cut off, or a quote is missing")
    }

    private func controlCharacter(_ byte: UInt8, at index: Int) -> JSONError {
        failure(
            "a text holds the control character \(byte)", at: index,
            fix: byte == 0x0A ? "close the quote, or write \"\\\\n\"" : "write it as an escape")
    }

    private func notUTF8(_ token: StringToken) -> JSONError {
        failure(
            "a text is not valid UTF-8", at: token.start - 1, fix: "save the file as UTF-8")
    }
}
