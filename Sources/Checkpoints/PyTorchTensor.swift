import Foundation

/// A run of elements that tensors share: PyTorch's storage, by its key.
struct PyTorchStorage {
    let key: String
    let type: SafetensorsType
    let count: Int

    /// What stands for a storage of a class that is not known here, such as of 8-bit floats.
    static let unknownClass = "a storage of an unknown class"

    /// Element type of a storage class, or nil for an unknown one.
    static func type(ofClass name: String) -> SafetensorsType? {
        let types: [String: SafetensorsType] = [
            "Double": .float64, "Float": .float32, "Half": .float16, "BFloat16": .bfloat16,
            "Long": .int64, "Int": .int32, "Short": .int16, "Char": .int8, "Byte": .uint8,
            "Bool": .bool,
        ]
        for module in ["torch.storage.", "torch.cuda.", "torch."] where name.hasPrefix(module) {
            let type = name.dropFirst(module.count)
            return type.hasSuffix("Storage") ? types[String(type.dropLast(7))] : nil
        }
        return nil
    }
}

/// A view of a storage; offset, sizes and strides count elements.
struct PyTorchTensor {
    let storage: PyTorchStorage
    let shape: [Int]
    let elementCount: Int
    private let offset: Int
    private let strides: [Int]

    /// Checks that the view lies inside its storage, without overflow.
    init(
        storage: PyTorchStorage, offset: Int, shape: [Int], strides: [Int]
    ) throws(FormatProblem) {
        guard shape.count == strides.count else {
            throw FormatProblem("a tensor has \(shape.count) sizes but \(strides.count) strides")
        }
        guard offset >= 0, (shape + strides).allSatisfy({ $0 >= 0 }) else {
            throw FormatProblem("a tensor has a negative size, stride or offset")
        }
        guard let reach = Self.reach(offset: offset, shape: shape, strides: strides),
            reach.last < storage.count
        else {
            throw FormatProblem(
                "a tensor of shape \(shape) reaches outside its storage of \(storage.count) elements"
            )
        }
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.strides = strides
        elementCount = reach.count
    }

    private struct Reach {
        var count = 1
        /// Index of the last element in the storage; -1 for an empty tensor.
        var last: Int
    }

    private static func reach(offset: Int, shape: [Int], strides: [Int]) -> Reach? {
        if shape.contains(0) { return Reach(count: 0, last: -1) }
        var reach = Reach(last: offset)
        for (size, stride) in zip(shape, strides) {
            let count = reach.count.multipliedReportingOverflow(by: size)
            let span = (size - 1).multipliedReportingOverflow(by: stride)
            let last = reach.last.addingReportingOverflow(span.partialValue)
            guard !count.overflow, !span.overflow, !last.overflow else { return nil }
            reach = Reach(count: count.partialValue, last: last.partialValue)
        }
        return reach
    }

    /// Gathers the elements in row-major order.
    ///
    /// - Parameter bytes: The whole storage.
    /// - Returns: Little-endian elements.
    func gather(_ bytes: Data) -> Data {
        guard elementCount > 0 else { return Data() }
        let size = storage.type.byteCount
        if isContiguous {
            let start = bytes.startIndex + offset * size
            return bytes[start..<start + elementCount * size]
        }
        var result = Data(capacity: elementCount * size)
        var index = [Int](repeating: 0, count: shape.count)
        var position = offset
        for _ in 0..<elementCount {
            let start = bytes.startIndex + position * size
            result.append(bytes[start..<start + size])
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                position += strides[axis]
                if index[axis] < shape[axis] { break }
                position -= index[axis] * strides[axis]
                index[axis] = 0
                axis -= 1
            }
        }
        return result
    }

    private var isContiguous: Bool {
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            if stride != expected { return false }
            expected *= size
        }
        return true
    }
}
