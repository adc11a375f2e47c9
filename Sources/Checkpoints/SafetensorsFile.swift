import Foundation

/// A safetensors file: its header is checked on opening, its tensors are read when asked for.
///
/// The file is mapped, so that opening a large one costs no memory. Every offset of the header is
/// checked against the length of the file before anything is read through it.
public struct SafetensorsFile: Sendable {
    /// The path it was opened from.
    public let path: String
    /// The texts under `__metadata__`.
    public let metadata: [String: String]
    /// The tensors in the order of their bytes.
    public let entries: [SafetensorsEntry]

    private let body: Data
    private let indices: [String: Int]

    /// Opens a file and checks its header.
    ///
    /// - Parameter path: The file.
    /// - Throws: `SafetensorsError` for a file that is absent, cut off, or of another format, and
    ///   says what it looks like.
    public init(path: String) throws(SafetensorsError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            let exists = FileManager.default.fileExists(atPath: path)
            throw SafetensorsError(
                what: exists ? "the file cannot be read" : "there is no such file", place: path,
                fix: exists ? "check its permissions, and that it is a file" : "check the path")
        }
        let header = try SafetensorsHeader(data, path: path)
        self.path = path
        self.metadata = header.metadata
        self.entries = header.entries
        self.body = data.dropFirst(header.bodyOffset)
        var indices: [String: Int] = [:]
        for (index, entry) in header.entries.enumerated() { indices[entry.name] = index }
        self.indices = indices
    }

    /// The names of the tensors in the order of their bytes.
    public var names: [String] { entries.map(\.name) }

    /// The tensor of a name, if there is one.
    public subscript(name: String) -> SafetensorsEntry? { indices[name].map { entries[$0] } }

    /// The bytes of a tensor, little-endian, without a copy.
    public func bytes(of entry: SafetensorsEntry) -> Data {
        let start = body.startIndex + entry.byteRange.lowerBound
        return body[start..<start + entry.byteRange.count]
    }

    /// The elements of a tensor as 32-bit floats, whatever its type.
    ///
    /// - Throws: `SafetensorsError` if the name is not in the file.
    public func floats(_ name: String) throws(SafetensorsError) -> [Float] {
        let entry = try required(name)
        return bytes(of: entry).withUnsafeBytes { entry.type.floats($0) }
    }

    /// The elements of a tensor as 64-bit floats, whatever its type.
    ///
    /// - Throws: `SafetensorsError` if the name is not in the file.
    public func doubles(_ name: String) throws(SafetensorsError) -> [Double] {
        let entry = try required(name)
        return bytes(of: entry).withUnsafeBytes { entry.type.doubles($0) }
    }

    /// The elements of a tensor of integers.
    ///
    /// - Throws: `SafetensorsError` if the name is not in the file or its type is a float.
    public func integers(_ name: String) throws(SafetensorsError) -> [Int64] {
        let entry = try required(name)
        let values = bytes(of: entry).withUnsafeBytes { entry.type.integers($0) }
        guard let values else {
            throw SafetensorsError(
                what: "a tensor of integers is needed, this one is \(entry.type.rawValue)",
                place: "\(path), \(name)", fix: "give a file that holds it as I64 or I32")
        }
        return values
    }

    /// The entry of a name.
    ///
    /// - Throws: `SafetensorsError` if the name is not in the file.
    public func required(_ name: String) throws(SafetensorsError) -> SafetensorsEntry {
        guard let entry = self[name] else {
            throw SafetensorsError(
                what: "the file has no tensor \"\(name)\"", place: path,
                fix: "`cvsuite checkpoint inspect` lists what it has")
        }
        return entry
    }
}
