import Foundation

/// Reads numbers and runs of bytes from a buffer, never past its end.
struct ByteReader {
    private let data: Data
    /// Where the next byte stands, counted from the start of the buffer.
    private(set) var offset: Int

    init(_ data: Data, at offset: Int = 0) throws(FormatProblem) {
        guard offset >= 0, offset <= data.count else {
            throw FormatProblem("an offset lies outside the file")
        }
        self.data = data
        self.offset = offset
    }

    /// Bytes that are left.
    var remaining: Int { data.count - offset }

    /// Takes bytes without a copy.
    mutating func take(_ count: Int) throws(FormatProblem) -> Data {
        guard count >= 0, count <= remaining else {
            throw FormatProblem("it is cut off, or a length inside it is wrong")
        }
        let start = data.startIndex + offset
        offset += count
        return data[start..<start + count]
    }

    /// Reads an unsigned little-endian integer of up to 8 bytes that fits a signed one.
    mutating func integer(bytes count: Int) throws(FormatProblem) -> Int {
        let value = try take(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let result = Int(exactly: value) else {
            throw FormatProblem("a length of \(value) bytes is impossible")
        }
        return result
    }

    /// Reads one byte.
    mutating func byte() throws(FormatProblem) -> UInt8 {
        guard remaining > 0 else { throw FormatProblem("it is cut off") }
        defer { offset += 1 }
        return data[data.startIndex + offset]
    }

    /// Reads up to a line feed, which is dropped.
    mutating func line() throws(FormatProblem) -> String {
        let rest = data[(data.startIndex + offset)...]
        guard let end = rest.firstIndex(of: 0x0A) else { throw FormatProblem("it is cut off") }
        let bytes = try take(end - rest.startIndex)
        offset += 1
        return try Self.text(bytes)
    }

    /// Bytes as UTF-8.
    static func text(_ bytes: Data) throws(FormatProblem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FormatProblem("a name is not valid UTF-8")
        }
        return text
    }
}
