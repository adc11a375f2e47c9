/// What a JSON value is, told from its first byte.
public enum JSONKind: String, Sendable {
    /// `null`.
    case null = "null"
    /// `true` or `false`.
    case boolean = "true or false"
    /// A number of any form.
    case number = "a number"
    /// A string.
    case string = "a text"
    /// An array.
    case array = "a list"
    /// An object.
    case object = "an object"
}

/// A pull scanner over a JSON text: the caller says what it expects next.
///
/// Nothing is allocated for structure, numbers and compared keys, so that annotation files of
/// hundreds of megabytes are read at the speed of memory rather than of a tree. The grammar is
/// RFC 8259 without exceptions, but for a byte order mark at the start: no trailing commas, no
/// comments, no `NaN`, no lone surrogates, no bytes that are not UTF-8.
///
///     var scanner = JSONScanner(source)
///     try scanner.beginObject()
///     while let key = try scanner.nextKey() {
///         switch key {
///         case "score": score = try scanner.readDouble()
///         default: try scanner.skipValue()
///         }
///     }
///     try scanner.finish()
public struct JSONScanner {
    /// Deepest nesting of lists and objects that is read.
    public static let depthLimit = 512

    /// The text.
    public let source: JSONSource
    /// Index of the next byte.
    public internal(set) var offset: Int

    let base: UnsafePointer<UInt8>
    let end: Int
    private var depth = 0
    private var isAtOpening = false
    /// Which of the open containers are objects, by depth.
    private var isObjectAtDepth = DepthFlags()

    /// Starts at the first byte of a text.
    public init(_ source: JSONSource) {
        self.init(source, at: source.markLength)
    }

    /// Starts at the first byte of a value inside a text.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - offset: index of the value's first byte.
    public init(_ source: JSONSource, at offset: Int) {
        self.source = source
        self.offset = offset
        base = source.base
        end = source.count
    }

    // MARK: - Structure

    /// Tells what the next value is without reading it.
    ///
    /// Afterwards `offset` is that of the value's first byte.
    ///
    /// - Returns: the kind of the next value.
    /// - Throws: `JSONError` when no value begins here.
    public mutating func peek() throws(JSONError) -> JSONKind {
        skipWhitespace()
        guard offset < end else { throw failure(expected: "a value") }
        switch base[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n") where follows("null"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw failure(expected: "a value")
        }
    }

    /// Enters an object; `nextKey` follows.
    public mutating func beginObject() throws(JSONError) {
        try open(UInt8(ascii: "{"), .object)
    }

    /// Enters a list; `nextElement` follows.
    public mutating func beginArray() throws(JSONError) {
        try open(UInt8(ascii: "["), .array)
    }

    /// Reads the next key of an object and the colon after it.
    ///
    /// - Returns: the key, or `nil` at the end of the object, which is then left.
    /// - Throws: `JSONError` when neither a key nor the end follows.
    public mutating func nextKey() throws(JSONError) -> JSONKey? {
        guard try step(closing: UInt8(ascii: "}"), "}", in: .object) else { return nil }
        guard offset < end, base[offset] == UInt8(ascii: "\"") else {
            throw failure(expected: "a key in double quotes")
        }
        let token = try scanString()
        if token.hasEscape || token.hasNonASCII { _ = try text(of: token) }
        skipWhitespace()
        guard offset < end, base[offset] == UInt8(ascii: ":") else {
            throw failure(expected: "\":\" after the key")
        }
        offset += 1
        return JSONKey(source: source, token: token)
    }

    /// Goes to the next element of a list.
    ///
    /// - Returns: whether there is one; if not, the list is left.
    /// - Throws: `JSONError` when neither an element nor the end follows.
    public mutating func nextElement() throws(JSONError) -> Bool {
        try step(closing: UInt8(ascii: "]"), "]", in: .array)
    }

    /// Checks that nothing but white space follows.
    public mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard offset >= end else {
            throw failure(
                "more text follows the end of the value", fix: "keep one value in the file")
        }
    }

    // MARK: - Words and texts

    /// Reads `true` or `false`.
    public mutating func readBoolean() throws(JSONError) -> Bool {
        skipWhitespace()
        if follows("true") {
            offset += 4
            return true
        }
        guard follows("false") else { throw mismatch(.boolean) }
        offset += 5
        return false
    }

    /// Reads `null`.
    public mutating func readNull() throws(JSONError) {
        skipWhitespace()
        guard follows("null") else { throw mismatch(.null) }
        offset += 4
    }

    /// Reads a text and decodes its escapes.
    public mutating func readString() throws(JSONError) -> String {
        skipWhitespace()
        guard offset < end, base[offset] == UInt8(ascii: "\"") else { throw mismatch(.string) }
        return try text(of: scanString())
    }

    /// Passes over a value of any kind, checking its grammar.
    public mutating func skipValue() throws(JSONError) {
        let outside = depth
        repeat {
            switch try peek() {
            case .null: try readNull()
            case .boolean: _ = try readBoolean()
            case .number: _ = try scanNumber()
            case .string: try skipString()
            case .array: try beginArray()
            case .object: try beginObject()
            }
            while depth > outside, try !enterNext() {}
        } while depth > outside
    }

    /// Goes to the next element or member of whichever container is open, for `skipValue`.
    ///
    /// - Returns: whether a value follows; if not, the container was left.
    private mutating func enterNext() throws(JSONError) -> Bool {
        isObjectAtDepth[depth] ? try nextKey() != nil : try nextElement()
    }

    // MARK: - Steps

    /// Passes over white space, so that `offset` is that of the next token.
    @inline(__always)
    public mutating func skipWhitespace() {
        while offset < end {
            let byte = base[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            offset += 1
        }
    }

    func follows(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard end - offset >= count else { return false }
        for index in 0..<count where base[offset + index] != word.utf8Start[index] { return false }
        return true
    }

    private mutating func open(_ bracket: UInt8, _ kind: JSONKind) throws(JSONError) {
        skipWhitespace()
        guard offset < end, base[offset] == bracket else { throw mismatch(kind) }
        guard depth < Self.depthLimit else {
            throw failure(
                "lists and objects are nested deeper than \(Self.depthLimit)",
                fix: "check the program that wrote the file")
        }
        offset += 1
        depth += 1
        isObjectAtDepth[depth] = kind == .object
        isAtOpening = true
    }

    /// Passes the comma before the next member, or the closing bracket.
    private mutating func step(
        closing bracket: UInt8, _ name: String, in kind: JSONKind
    ) throws(JSONError) -> Bool {
        skipWhitespace()
        guard offset < end else { throw cutOff(in: kind) }
        if base[offset] == bracket {
            offset += 1
            depth -= 1
            isAtOpening = false
            return false
        }
        if isAtOpening {
            isAtOpening = false
            return true
        }
        guard base[offset] == UInt8(ascii: ",") else {
            throw failure(expected: "\",\" or \"\(name)\"")
        }
        let comma = offset
        offset += 1
        skipWhitespace()
        guard offset < end else { throw cutOff(in: kind) }
        guard base[offset] != bracket else {
            throw failure(
                "a comma stands before the closing \"\(name)\"", at: comma, fix: "remove the comma")
        }
        return true
    }
}

/// One flag for each depth of nesting, without an allocation.
private struct DepthFlags {
    private var words: InlineArray<9, UInt64> = .init(repeating: 0)

    subscript(depth: Int) -> Bool {
        get { words[depth >> 6] & (1 << UInt64(depth & 63)) != 0 }
        set {
            let bit: UInt64 = 1 << UInt64(depth & 63)
            if newValue { words[depth >> 6] |= bit } else { words[depth >> 6] &= ~bit }
        }
    }
}
