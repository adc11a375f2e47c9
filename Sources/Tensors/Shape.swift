/// The extents of a tensor, outermost first.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The extents; empty for a scalar.
    public let dimensions: [Int]

    /// Makes a shape from its extents, none of them negative.
    public init(_ dimensions: [Int]) {
        precondition(dimensions.allSatisfy { $0 >= 0 }, "negative extent in \(dimensions)")
        self.dimensions = dimensions
    }

    /// Makes a shape from a literal such as `[1, 224, 224, 3]`.
    public init(arrayLiteral elements: Int...) { self.init(elements) }

    /// Number of axes.
    public var rank: Int { dimensions.count }

    /// Number of elements, 1 for a scalar.
    public var count: Int { dimensions.reduce(1, *) }

    /// The extent of an axis; negative axes count from the end.
    public subscript(axis: Int) -> Int {
        dimensions[axis < 0 ? dimensions.count + axis : axis]
    }

    /// Product of all extents but the last: rows when the tensor is read as a matrix.
    public var rows: Int { dimensions.dropLast().reduce(1, *) }

    /// The last extent, 1 for a scalar: channels of a feature map.
    public var channels: Int { dimensions.last ?? 1 }

    /// The shape with another last extent.
    public func replacingChannels(with channels: Int) -> Shape {
        Shape(dimensions.dropLast() + [channels])
    }

    /// The extents as text, `[1, 224, 224, 3]`.
    public var description: String {
        "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
    }
}
