/// An element type of the safetensors format.
public enum SafetensorsType: String, Sendable, CaseIterable {
    /// 64-bit float.
    case float64 = "F64"
    /// 32-bit float.
    case float32 = "F32"
    /// IEEE half precision.
    case float16 = "F16"
    /// The upper half of a 32-bit float.
    case bfloat16 = "BF16"
    /// Signed 64-bit integer.
    case int64 = "I64"
    /// Signed 32-bit integer.
    case int32 = "I32"
    /// Signed 16-bit integer.
    case int16 = "I16"
    /// Signed byte.
    case int8 = "I8"
    /// Unsigned byte.
    case uint8 = "U8"
    /// A byte that is 0 or 1.
    case bool = "BOOL"

    /// Size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }
}

/// A tensor of a safetensors file: what it is and where its bytes stand.
public struct SafetensorsEntry: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its element type.
    public let type: SafetensorsType
    /// Its axes; empty for a scalar.
    public let shape: [Int]
    /// Its bytes, counted from the end of the header.
    public let byteRange: Range<Int>

    /// The number of its elements.
    public var elementCount: Int { byteRange.count / type.byteCount }
}

extension SafetensorsType {
    /// Bytes that a tensor of this type and shape takes; `nil` beyond 63 bits or below zero.
    func byteCount(of shape: [Int]) -> Int? {
        var count = byteCount
        for axis in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: axis)
            guard axis >= 0, !overflow else { return nil }
            count = product
        }
        return count
    }

    /// Reads little-endian elements as 64-bit floats.
    func doubles(_ bytes: UnsafeRawBufferPointer) -> [Double] {
        switch self {
        case .float64:
            elements(bytes, UInt64.self) { Double(bitPattern: $0) }
        case .int64:
            elements(bytes, Int64.self) { Double($0) }
        case .int32:
            elements(bytes, Int32.self) { Double($0) }
        case .float32, .float16, .bfloat16, .int16, .int8, .uint8, .bool:
            floats(bytes).map(Double.init)
        }
    }

    /// Reads little-endian elements as 32-bit floats, rounded to nearest where they are wider.
    func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        switch self {
        case .float64:
            elements(bytes, UInt64.self) { Float(Double(bitPattern: $0)) }
        case .float32:
            elements(bytes, UInt32.self) { Float(bitPattern: $0) }
        case .float16:
            elements(bytes, UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .bfloat16:
            elements(bytes, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .int64:
            elements(bytes, Int64.self) { Float($0) }
        case .int32:
            elements(bytes, Int32.self) { Float($0) }
        case .int16:
            elements(bytes, Int16.self) { Float($0) }
        case .int8:
            elements(bytes, Int8.self) { Float($0) }
        case .uint8, .bool:
            bytes.map { Float($0) }
        }
    }

    /// Reads little-endian integers; `nil` for a floating type.
    func integers(_ bytes: UnsafeRawBufferPointer) -> [Int64]? {
        switch self {
        case .int64: elements(bytes, Int64.self) { $0 }
        case .int32: elements(bytes, Int32.self) { Int64($0) }
        case .int16: elements(bytes, Int16.self) { Int64($0) }
        case .int8: elements(bytes, Int8.self) { Int64($0) }
        case .uint8, .bool: bytes.map { Int64($0) }
        case .float64, .float32, .float16, .bfloat16: nil
        }
    }

    private func elements<Raw: FixedWidthInteger, Value>(
        _ bytes: UnsafeRawBufferPointer, _ raw: Raw.Type, _ convert: (Raw) -> Value
    ) -> [Value] {
        let stride = MemoryLayout<Raw>.size
        let count = bytes.count / stride
        return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count {
                let value = bytes.loadUnaligned(fromByteOffset: index * stride, as: raw)
                buffer.initializeElement(at: index, to: convert(Raw(littleEndian: value)))
            }
            initialized = count
        }
    }
}
