import Annotations
import Imaging

/// A box by its left, top, right and bottom edges in continuous pixel coordinates.
public struct BoxXYXY: Hashable, Sendable {
    /// Left edge in pixels.
    public var x0: Float
    /// Top edge in pixels.
    public var y0: Float
    /// Right edge in pixels.
    public var x1: Float
    /// Bottom edge in pixels.
    public var y1: Float

    /// Makes a box from its four edges.
    public init(x0: Float, y0: Float, x1: Float, y1: Float) {
        (self.x0, self.y0, self.x1, self.y1) = (x0, y0, x1, y1)
    }

    /// Makes the box of COCO's corner and size.
    ///
    /// - Parameter box: As the file has it.
    public init(_ box: BoxXYWH) {
        self.init(
            x0: Float(box.x), y0: Float(box.y),
            x1: Float(box.x + box.width), y1: Float(box.y + box.height))
    }

    /// Width in pixels, 0 for a box that is turned inside out.
    public var width: Float { max(0, x1 - x0) }

    /// Height in pixels, 0 for a box that is turned inside out.
    public var height: Float { max(0, y1 - y0) }

    /// Area in square pixels.
    public var area: Float { width * height }

    /// COCO's corner and size.
    public var xywh: BoxXYWH {
        BoxXYWH(x: Double(x0), y: Double(y0), width: Double(width), height: Double(height))
    }

    /// The part inside an image; without area when nothing is inside.
    ///
    /// - Parameter size: Of the image.
    /// - Returns: Edges within `0...width` and `0...height`.
    public func clipped(to size: ImageSize) -> BoxXYXY {
        let (width, height) = (Float(size.width), Float(size.height))
        return BoxXYXY(
            x0: min(max(x0, 0), width), y0: min(max(y0, 0), height),
            x1: min(max(x1, 0), width), y1: min(max(y1, 0), height))
    }
}

/// Which boxes are still objects after an augmentation.
///
/// The rule of Ultralytics' `box_candidates`: sides above 2 pixels, more than a tenth of the
/// area inside the image, sides in a ratio below 100.
public struct BoxRule: Hashable, Sendable, Codable {
    /// Both sides must be longer than this, in pixels of the network's input.
    public var minSide: Float = 2
    /// More than this part of the area must lie inside the image, 0 to 1.
    public var minVisible: Float = 0.1
    /// The longer side must be below this many times the shorter one.
    public var maxAspect: Float = 100

    /// Makes the rule with its defaults.
    public init() {}

    /// Whether a clipped box still counts.
    ///
    /// - Parameters:
    ///   - clipped: The part inside the image.
    ///   - whole: The whole box, in the same pixels.
    /// - Returns: Whether the rule lets it pass.
    public func keeps(_ clipped: BoxXYXY, of whole: BoxXYXY) -> Bool {
        let (width, height) = (clipped.width, clipped.height)
        return width > minSide && height > minSide
            && clipped.area > minVisible * whole.area
            && max(width, height) < maxAspect * min(width, height)
    }

    /// Checks the ranges of all fields.
    ///
    /// - Throws: `DatasetError` naming the field.
    public func validate() throws(DatasetError) {
        try DatasetError.check(minSide >= 0, "box_rule.min_side", "0 or more", "\(minSide)")
        try DatasetError.check(
            (0..<1).contains(minVisible), "box_rule.min_visible", "from 0 to below 1",
            "\(minVisible)")
        try DatasetError.check(maxAspect > 1, "box_rule.max_aspect", "above 1", "\(maxAspect)")
    }
}
