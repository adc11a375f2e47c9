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
        return failure("expected \(expected), found \(nextCharacter)", fix: "correct the syntax")
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
