/// A box by two corners in continuous pixel coordinates.
///
/// The pixel in row `i` and column `j` covers `j ..< j + 1` by `i ..< i + 1`, so that the width is
/// `x2 - x1`, without a one. Coordinates belong to the network's input unless something else is
/// said. An array of boxes is contiguous: four floats each, in the order of the properties.
public struct Box: Sendable, Hashable, Codable {
    /// Left edge.
    public var x1: Float
    /// Upper edge.
    public var y1: Float
    /// Right edge.
    public var x2: Float
    /// Lower edge.
    public var y2: Float

    /// Makes a box from its edges.
    ///
    /// - Parameters:
    ///   - x1: Left edge.
    ///   - y1: Upper edge.
    ///   - x2: Right edge.
    ///   - y2: Lower edge.
    public init(x1: Float, y1: Float, x2: Float, y2: Float) {
        (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
    }

    /// `x2 - x1`.
    public var width: Float { x2 - x1 }
    /// `y2 - y1`.
    public var height: Float { y2 - y1 }
    /// Width times height.
    public var area: Float { (x2 - x1) * (y2 - y1) }
    /// Horizontal position of the centre.
    public var centerX: Float { (x1 + x2) / 2 }
    /// Vertical position of the centre.
    public var centerY: Float { (y1 + y2) / 2 }
    /// Whether no edge is infinite or not a number.
    public var isFinite: Bool { x1.isFinite && y1.isFinite && x2.isFinite && y2.isFinite }

    /// The box moved.
    ///
    /// - Parameters:
    ///   - dx: Pixels to the right.
    ///   - dy: Pixels downwards.
    /// - Returns: A box of the same size.
    public func offset(dx: Float, dy: Float) -> Box {
        Box(x1: x1 + dx, y1: y1 + dy, x2: x2 + dx, y2: y2 + dy)
    }

    /// The box with every edge moved into an image.
    ///
    /// - Parameter extent: The image.
    /// - Returns: Edges from 0 to the width and from 0 to the height; one that is not a number
    ///   stays so.
    public func clipped(to extent: ImageExtent) -> Box {
        let (right, bottom) = (Float(extent.width), Float(extent.height))
        return Box(
            x1: Self.clamp(x1, right), y1: Self.clamp(y1, bottom),
            x2: Self.clamp(x2, right), y2: Self.clamp(y2, bottom))
    }

    private static func clamp(_ value: Float, _ upper: Float) -> Float {
        value < 0 ? 0 : (value > upper ? upper : value)
    }
}

/// Height and width of an image in whole pixels.
public struct ImageExtent: Sendable, Hashable, Codable {
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int

    /// Makes an extent.
    ///
    /// - Parameters:
    ///   - height: Rows.
    ///   - width: Columns.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }
}
