/// A tensor of a checkpoint: a name, a shape in the authors' order, and elements on demand.
///
/// What readers of files give and models take, so that neither need know the other. The elements
/// are read when asked for: a large checkpoint is never in memory twice.
public struct NamedTensor: Sendable {
    /// What the elements are in files.
    public enum Kind: Sendable {
        /// Floating-point numbers.
        case floats
        /// Integers, such as BatchNorm's counter.
        case integers
    }

    /// The state-dict name.
    public let name: String
    /// The shape in files; empty for a scalar.
    public let shape: Shape
    /// What the elements are in files.
    public let kind: Kind
    private let read: @Sendable () throws -> [Float]

    /// Makes a tensor that is read on demand.
    ///
    /// - Parameters:
    ///   - name: The state-dict name.
    ///   - shape: The shape in files.
    ///   - kind: What the elements are in files.
    ///   - read: Gives all elements, row-major.
    public init(
        _ name: String, shape: Shape, kind: Kind = .floats,
        read: @escaping @Sendable () throws -> [Float]
    ) {
        self.name = name
        self.shape = shape
        self.kind = kind
        self.read = read
    }

    /// Reads the elements.
    ///
    /// - Returns: All elements, row-major, as 32-bit floats.
    /// - Throws: The reader's error.
    public func elements() throws -> [Float] { try read() }

    /// The same tensor under another name.
    ///
    /// - Parameter name: The name.
    /// - Returns: The same elements.
    public func renamed(_ name: String) -> NamedTensor {
        NamedTensor(name, shape: shape, kind: kind, read: read)
    }
}
