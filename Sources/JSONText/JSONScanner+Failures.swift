extension JSONScanner {
    /// An error at a byte of the text, for callers that find a value unusable.
    ///
    /// - Parameters:
    ///   - what: what is wrong, without a full stop.
    ///   - offset: index of the byte; the next byte when `nil`.
    ///   - fix: what the author of the text can do.
    /// - Returns: the error, placed as `name:line:column`.
    public func failure(_ what: String, at offset: Int? = nil, fix: String) -> JSONError {
        JSONError(what: what, place: source.place(at: offset ?? self.offset), fix: fix)
    }

    /// The text of the value under a key of a possibly broken object, for naming it in messages.
    ///
    /// Follows quotes and brackets alone, so that the key is found behind a value that no reader
    /// takes.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - key: a key in ASCII.
    ///   - offset: index of the object's opening brace.
    /// - Returns: the value as it stands, `nil` when it is no scalar or not found.
    public static func rawMember(
        of source: JSONSource, _ key: StaticString, ofObjectAt offset: Int
    ) -> String? {
        var scanner = JSONScanner(source, at: offset)
        var depth = 0
        while scanner.offset < scanner.end {
            switch scanner.base[scanner.offset] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                guard let token = try? scanner.scanString() else { return nil }
                let name = JSONKey(source: source, token: token)
                scanner.skipWhitespace()
                if depth == 1, key ~= name, scanner.follows(":") {
                    scanner.offset += 1
                    return scanner.rawScalar()
                }
                continue
            default: break
            }
            guard depth > 0 else { return nil }
            scanner.offset += 1
        }
        return nil
    }

    /// The next value as it stands, if it is a text or a word.
    private mutating func rawScalar() -> String? {
        skipWhitespace()
        let start = offset
        if follows("\"") {
            guard (try? scanString()) != nil else { return nil }
        } else {
            let stops = Set(",{}[] \t\r\n".utf8)
            while offset < end, !stops.contains(base[offset]) { offset += 1 }
        }
        return start == offset ? nil : String(decoding: source.bytes(start, offset), as: UTF8.self)
    }

    /// The next value is not what the caller asked for.
    mutating func mismatch(_ expected: JSONKind) -> JSONError {
        do {
            let found = try peek()
            guard found != expected else { return failure(expected: expected.rawValue) }
            return failure(
                "expected \(expected.rawValue), found \(found.rawValue)",
                fix: "write \(expected.rawValue) here")
        } catch {
            return error
        }
    }

    /// The next byte cannot begin what the grammar wants here.
    func failure(expected: String) -> JSONError {
        guard offset < end else {
            return source.count == source.markLength
                ? failure("the file is empty", fix: "check the program that wrote it")
                : failure(
                    "the text ends where \(expected) is expected",
                    fix: "the file seems cut off; write or copy it again")
        }
        if let word = nonFiniteWord {
            return failure(
                "\(word) is no JSON number", fix: "write a finite number, or leave the entry out")
        }
        let mistaken = offset < source.markLength + 16 ? source.foreignContent : nil
        return failure(
            "expected \(expected), found \(nextCharacter)"
                + (mistaken.map { "; the file looks like " + $0.look } ?? ""),
            fix: mistaken?.fix ?? "correct the syntax")
    }

    /// The text ends inside a list or object.
    func cutOff(in kind: JSONKind) -> JSONError {
        failure(
            "the text ends inside \(kind.rawValue)",
            fix: "the file seems cut off; write or copy it again")
    }

    /// One of the words that other programs write for numbers that JSON does not have.
    private var nonFiniteWord: String? {
        let words: [StaticString] = [
            "NaN", "nan", "NAN", "-NaN", "-nan", "Infinity", "-Infinity", "inf", "-inf", "Inf",
            "-Inf",
        ]
        return words.first { follows($0) }.map { "\($0)" }
    }

    private var nextCharacter: String {
        let next = source.bytes(offset, min(offset + 4, end))
        guard let scalar = String(decoding: next, as: UTF8.self).unicodeScalars.first else {
            return "the end of the text"
        }
        return scalar.value < 0x20 || scalar.value == 0xFFFD
            ? "the byte \(next[0])" : "\"\(Character(scalar))\""
    }
}
