import Foundation
import Tensors

/// A tensor of a checkpoint file: what it is, and its bytes on demand.
public struct StoredTensor: Sendable {
    /// The name in the file, wrappers and common prefixes taken off.
    public let name: String
    /// The element type in the file.
    public let type: SafetensorsType
    /// The shape; empty for a scalar.
    public let shape: [Int]
    private let read: @Sendable () throws -> Data

    init(
        name: String, type: SafetensorsType, shape: [Int],
        read: @escaping @Sendable () throws -> Data
    ) {
        self.name = name
        self.type = type
        self.shape = shape
        self.read = read
    }

    /// Reads the elements as they are in the file.
    ///
    /// - Returns: Little-endian elements, row-major.
    /// - Throws: The reader's error.
    public func bytes() throws -> Data { try read() }

    /// The tensor as models take it: 32-bit floats, whatever the file holds.
    public var named: NamedTensor {
        NamedTensor(name, shape: Shape(shape), kind: type.isFloating ? .floats : .integers) {
            try bytes().withUnsafeBytes { type.floats($0) }
        }
    }

    func renamed(_ name: String) -> StoredTensor {
        StoredTensor(name: name, type: type, shape: shape, read: read)
    }
}

extension SafetensorsType {
    /// Whether elements are floating-point numbers.
    var isFloating: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16: true
        case .int64, .int32, .int16, .int8, .uint8, .bool: false
        }
    }
}
