import Files
import Foundation

/// Collects tensors and writes them as one safetensors file.
///
/// The bytes are the same for the same content: tensors stand in order of falling element size
/// (so that each is aligned to its own elements), equal sizes in the order they were added;
/// metadata is sorted by key.
public struct SafetensorsWriter: Sendable {
    private struct Tensor: Sendable {
        let name: String
        let type: SafetensorsType
        let shape: [Int]
        let bytes: Data
    }

    private var tensors: [Tensor] = []
    private var names: Set<String> = ["__metadata__"]
    /// Texts that travel with the tensors.
    public var metadata: [String: String]

    /// Makes a writer without tensors.
    ///
    /// - Parameter metadata: Texts that travel with the tensors.
    public init(metadata: [String: String] = [:]) {
        self.metadata = metadata
    }

    /// Adds a tensor from its little-endian bytes.
    ///
    /// - Parameters:
    ///   - name: Its name, not used before.
    ///   - type: Its element type.
    ///   - shape: Its axes; empty for a scalar.
    ///   - bytes: Its elements in row-major order.
    /// - Throws: `SafetensorsError` if the name is taken or the bytes do not fit the shape.
    public mutating func add(
        _ name: String, type: SafetensorsType, shape: [Int], bytes: Data
    ) throws(SafetensorsError) {
        guard type.byteCount(of: shape) == bytes.count else {
            throw SafetensorsError(
                what: "\(bytes.count) bytes of \(type.rawValue) do not fill the shape \(shape)",
                place: name, fix: "give as many elements as the shape has")
        }
        guard names.insert(name).inserted else {
            throw SafetensorsError(
                what: "two tensors have the name \"\(name)\"", place: name,
                fix: "give each tensor its own name")
        }
        tensors.append(Tensor(name: name, type: type, shape: shape, bytes: bytes))
    }

    /// Adds a tensor of 32-bit floats.
    ///
    /// - Throws: `SafetensorsError` if the name is taken or the values do not fit the shape.
    public mutating func add(
        _ name: String, shape: [Int], _ values: [Float]
    ) throws(SafetensorsError) {
        try add(
            name, type: .float32, shape: shape, bytes: Data(littleEndian: values.map(\.bitPattern)))
    }

    /// Adds a tensor of 64-bit floats.
    ///
    /// - Throws: `SafetensorsError` if the name is taken or the values do not fit the shape.
    public mutating func add(
        _ name: String, shape: [Int], _ values: [Double]
    ) throws(SafetensorsError) {
        try add(
            name, type: .float64, shape: shape, bytes: Data(littleEndian: values.map(\.bitPattern)))
    }

    /// Adds a tensor of 64-bit integers.
    ///
    /// - Throws: `SafetensorsError` if the name is taken or the values do not fit the shape.
    public mutating func add(
        _ name: String, shape: [Int], _ values: [Int64]
    ) throws(SafetensorsError) {
        try add(name, type: .int64, shape: shape, bytes: Data(littleEndian: values))
    }

    /// Writes the file, which appears as a whole or not at all.
    ///
    /// - Parameter path: Where the file shall stand; one that is there is replaced as a whole.
    /// - Throws: `FileError` if the file cannot be written; then nothing is left behind.
    public func write(to path: String) throws(FileError) {
        let ordered = tensors.enumerated().sorted {
            ($1.element.type.byteCount, $0.offset) < ($0.element.type.byteCount, $1.offset)
        }.map(\.element)
        let header = headerText(ordered)
        let padded = header.utf8 + Array(repeating: UInt8(ascii: " "), count: padding(header))
        var file = try AtomicFile(path: path)
        try file.append(Data(littleEndian: [UInt64(padded.count)]))
        try file.append(padded)
        for tensor in ordered { try file.append(tensor.bytes) }
        try file.commit()
    }

    private func headerText(_ ordered: [Tensor]) -> String {
        var fields: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map {
                "\(quoted($0.key)):\(quoted($0.value))"
            }
            fields.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in ordered {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let end = offset + tensor.bytes.count
            fields.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\","
                    + "\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        return "{\(fields.joined(separator: ","))}"
    }

    private func padding(_ header: String) -> Int { (8 - header.utf8.count % 8) % 8 }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension Data {
    /// The bytes of integers, lowest byte first.
    fileprivate init<Value: FixedWidthInteger>(littleEndian values: [Value]) {
        self = values.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }
}
