/// Writes JSON text piece by piece; the counterpart of `JSONScanner`.
///
/// Doubles are written with the fewest digits that read back as the same double, integers as
/// integers, texts with only the escapes that JSON needs.
public struct JSONWriter {
    /// How the text is laid out.
    public enum Layout: Sendable {
        /// One line without spaces.
        case compact
        /// Two spaces a level; what fits one line stays on it.
        case pretty
    }

    /// The text so far, in UTF-8.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Starts an empty text.
    public init() {}

    /// Forgets the text so far, keeping its memory; for writing a long text in pieces.
    public mutating func removeWritten() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Opens an object.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }

    /// Closes an object.
    public mutating func endObject() { close(UInt8(ascii: "}")) }

    /// Opens a list.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }

    /// Closes a list.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a key; its value follows.
    public mutating func key(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes an integer.
    public mutating func integer(_ value: Int) { raw(String(value)) }

    /// Writes a number; infinities and NaN, which JSON lacks, become `null`.
    public mutating func double(_ value: Double) {
        raw(value.isFinite ? "\(value)" : "null")
    }

    /// Writes `true` or `false`.
    public mutating func boolean(_ value: Bool) { raw(value ? "true" : "false") }

    /// Writes `null`.
    public mutating func null() { raw("null") }

    /// Writes a text.
    public mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
        needsComma = true
    }

    /// Writes text that is a JSON value already.
    public mutating func raw(_ text: String) {
        separate()
        bytes += text.utf8
        needsComma = true
    }

    /// Begins a new line, where white space does no harm: before a value or key.
    public mutating func newLine() {
        separate()
        needsComma = false
        bytes.append(0x0A)
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case ..<0x20: bytes += ((byte < 16 ? "\\u000" : "\\u00") + String(byte, radix: 16)).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension JSONWriter {
    /// Writes a whole value on one line.
    public mutating func value(_ value: JSONValue) {
        switch value.content {
        case .null: null()
        case .boolean(let content): boolean(content)
        case .integer(let content): integer(Int(content))
        case .bigInteger(let text): raw(text)
        case .double(let content): double(content)
        case .string(let content): string(content)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }
}

extension JSONValue {
    /// The value as JSON text, without a line feed at the end.
    ///
    /// - Parameter layout: one line, or a line for each member that does not fit one.
    /// - Returns: the text; infinities and NaN, which JSON lacks, become `null`.
    public func text(_ layout: JSONWriter.Layout = .pretty) -> String {
        switch layout {
        case .compact:
            var writer = JSONWriter()
            writer.value(self)
            return String(decoding: writer.bytes, as: UTF8.self)
        case .pretty: return prettyText(indent: 0, reserved: 0)
        }
    }

    /// Width of a line, in characters, up to which a list or object stays on it.
    private static let lineWidth = 90

    /// The value with its brackets at `indent` levels; `reserved` characters stand before it.
    private func prettyText(indent: Int, reserved: Int) -> String {
        let line = lineText
        let space = Self.lineWidth - 2 * indent - reserved
        let isFlat =
            object.map { indent > 0 && $0.members.allSatisfy { !$0.value.isContainer } } ?? true
        if line.count <= space, isFlat { return line }
        let inner = String(repeating: "  ", count: indent + 1)
        let outer = String(repeating: "  ", count: indent)
        switch content {
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { inner + $0.prettyText(indent: indent + 1, reserved: 1) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + outer + "]"
        case .object(let object) where object.count > 0:
            let lines = object.members.map { member in
                let key = JSONValue(.string(member.key)).text(.compact) + ": "
                return inner + key
                    + member.value.prettyText(indent: indent + 1, reserved: key.count + 1)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + outer + "}"
        default: return line
        }
    }

    private var isContainer: Bool { kind == .array || kind == .object }

    /// The value on one line, with spaces after commas and colons.
    private var lineText: String {
        switch content {
        case .array(let elements): "[" + elements.map(\.lineText).joined(separator: ", ") + "]"
        case .object(let object):
            "{"
                + object.members.map { member in
                    JSONValue(.string(member.key)).text(.compact) + ": " + member.value.lineText
                }.joined(separator: ", ") + "}"
        default: text(.compact)
        }
    }
}
