/// A row-major array of 32-bit floats; images and features are `[N, H, W, C]`.
///
/// A tensor is a value: nobody writes to it once an operation has returned it. While a `Tape`
/// records, it also knows the node that made it; while a `Graph` is traced, it stands for a value
/// of that graph and has no elements.
public struct Tensor: Sendable {
    /// The extents.
    public let shape: Shape
    var contents: Contents
    let node: Tape.Node?

    enum Contents: Sendable {
        case stored(Storage)
        case symbolic(Graph.Value)
    }

    init(shape: Shape, contents: Contents, node: Tape.Node? = nil) {
        self.shape = shape
        self.contents = contents
        self.node = node
    }

    /// Makes a tensor on a block that the caller has filled.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - storage: At least as many elements.
    public init(shape: Shape, storage: Storage) {
        precondition(storage.count >= shape.count)
        self.init(shape: shape, contents: .stored(storage))
    }

    /// Makes a tensor with undefined contents and lets `fill` write them.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - fill: Writes all elements.
    public init(shape: Shape, filledBy fill: (UnsafeMutablePointer<Float>) -> Void) {
        let storage = Storage(count: shape.count)
        fill(storage.pointer)
        self.init(shape: shape, contents: .stored(storage))
    }

    /// Makes a tensor from its elements, row-major.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - elements: As many as the shape says.
    public init(shape: Shape, _ elements: [Float]) {
        precondition(elements.count == shape.count)
        self.init(shape: shape) { pointer in
            elements.withUnsafeBufferPointer { source in
                guard let base = source.baseAddress else { return }
                pointer.update(from: base, count: source.count)
            }
        }
    }

    /// Makes a tensor with one value everywhere.
    ///
    /// - Parameters:
    ///   - shape: The extents.
    ///   - value: The value.
    public init(shape: Shape, repeating value: Float) {
        self.init(shape: shape) { $0.update(repeating: value, count: shape.count) }
    }

    /// Number of elements.
    public var count: Int { shape.count }

    /// Whether it stands for a value of a graph and has no elements.
    public var isSymbolic: Bool {
        if case .symbolic = contents { return true }
        return false
    }

    /// The block that holds the elements; a symbolic tensor has none.
    public var storage: Storage {
        guard case .stored(let storage) = contents else {
            preconditionFailure("a symbolic tensor has no elements")
        }
        return storage
    }

    /// The elements, row-major, as an array of its own.
    public var elements: [Float] {
        Array(UnsafeBufferPointer(start: storage.pointer, count: count))
    }

    /// The only element of a tensor that has one.
    public var scalar: Float { storage.pointer[0] }

    /// Calls `body` with the elements.
    ///
    /// - Parameter body: Reads the elements; the pointer is valid only inside.
    /// - Returns: What `body` returns.
    public func withElements<R>(_ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
        let storage = storage
        return try withExtendedLifetime(storage) { try body(UnsafePointer(storage.pointer)) }
    }

    /// The same elements, detached from tape.
    public var detached: Tensor { Tensor(shape: shape, contents: contents) }
}
