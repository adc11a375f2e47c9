/// Measures of how much two boxes have in common.
///
/// `overlap = w h` of the intersection, `union = max(a + b - overlap, epsilon)`.
public enum Overlap {
    /// The least denominator of mmdetection's assigners and losses, in square pixels.
    public static let epsilon: Float = 1e-6

    /// Area that two boxes share, 0 when they do not meet.
    ///
    /// - Parameters:
    ///   - a: A box.
    ///   - b: A box.
    /// - Returns: Square pixels.
    @inline(__always)
    public static func intersection(_ a: Box, _ b: Box) -> Float {
        let width = min(a.x2, b.x2) - max(a.x1, b.x1)
        let height = min(a.y2, b.y2) - max(a.y1, b.y1)
        return max(width, 0) * max(height, 0)
    }

    /// Intersection over union.
    ///
    /// - Parameters:
    ///   - a: A box.
    ///   - b: A box.
    /// - Returns: From 0 to 1.
    @inline(__always)
    public static func iou(_ a: Box, _ b: Box) -> Float {
        let overlap = intersection(a, b)
        return overlap / max(a.area + b.area - overlap, epsilon)
    }

    /// Intersection over the first box's area.
    ///
    /// - Parameters:
    ///   - a: The box whose area divides.
    ///   - b: A box.
    /// - Returns: From 0 to 1.
    public static func iof(_ a: Box, _ b: Box) -> Float {
        intersection(a, b) / max(a.area, epsilon)
    }

    /// Generalised intersection over union (Rezatofighi et al., CVPR 2019).
    ///
    /// `IoU - (enclosing - union) / enclosing`, where `enclosing` is the area of the smallest box
    /// around both.
    ///
    /// - Parameters:
    ///   - a: A box.
    ///   - b: A box.
    /// - Returns: From -1 to 1.
    public static func giou(_ a: Box, _ b: Box) -> Float {
        let overlap = intersection(a, b)
        let union = max(a.area + b.area - overlap, epsilon)
        let width = max(a.x2, b.x2) - min(a.x1, b.x1)
        let height = max(a.y2, b.y2) - min(a.y1, b.y1)
        let enclosing = max(max(width, 0) * max(height, 0), epsilon)
        return overlap / union - (enclosing - union) / enclosing
    }
}
