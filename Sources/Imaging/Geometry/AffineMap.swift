/// A point in continuous pixel coordinates; the centre of the first pixel is (0.5, 0.5).
public struct PixelPoint: Hashable, Sendable {
    /// Distance from the left edge in pixels.
    public var x: Double
    /// Distance from the top edge in pixels.
    public var y: Double

    /// Makes a point.
    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// An affine map between continuous pixel coordinates.
///
/// `x' = xx x + xy y + dx`, `y' = yx x + yy y + dy`.
public struct AffineMap: Hashable, Sendable {
    /// Share of x in the new x.
    public var xx: Double
    /// Share of y in the new x.
    public var xy: Double
    /// Shift of x in pixels.
    public var dx: Double
    /// Share of x in the new y.
    public var yx: Double
    /// Share of y in the new y.
    public var yy: Double
    /// Shift of y in pixels.
    public var dy: Double

    /// Makes a map from its two rows `[xx, xy, dx]` and `[yx, yy, dy]`.
    ///
    /// - Parameters:
    ///   - xx: Share of x in the new x.
    ///   - xy: Share of y in the new x.
    ///   - dx: Shift of x in pixels.
    ///   - yx: Share of x in the new y.
    ///   - yy: Share of y in the new y.
    ///   - dy: Shift of y in pixels.
    public init(xx: Double, xy: Double, dx: Double, yx: Double, yy: Double, dy: Double) {
        self.xx = xx
        self.xy = xy
        self.dx = dx
        self.yx = yx
        self.yy = yy
        self.dy = dy
    }

    /// The map that changes nothing.
    public static let identity = AffineMap(xx: 1, xy: 0, dx: 0, yx: 0, yy: 1, dy: 0)

    /// A map that stretches and then shifts.
    ///
    /// - Parameters:
    ///   - x: Factor on x.
    ///   - y: Factor on y.
    ///   - dx: Shift of x in pixels.
    ///   - dy: Shift of y in pixels.
    /// - Returns: The map.
    public static func scale(x: Double, y: Double, dx: Double = 0, dy: Double = 0) -> AffineMap {
        AffineMap(xx: x, xy: 0, dx: dx, yx: 0, yy: y, dy: dy)
    }

    /// The image of a point.
    public func callAsFunction(_ point: PixelPoint) -> PixelPoint {
        PixelPoint(x: xx * point.x + xy * point.y + dx, y: yx * point.x + yy * point.y + dy)
    }

    /// This map, and the other one after it.
    ///
    /// - Parameter next: The map to be applied to the result of this one.
    /// - Returns: `next` of `self`.
    public func then(_ next: AffineMap) -> AffineMap {
        AffineMap(
            xx: next.xx * xx + next.xy * yx, xy: next.xx * xy + next.xy * yy,
            dx: next.xx * dx + next.xy * dy + next.dx,
            yx: next.yx * xx + next.yy * yx, yy: next.yx * xy + next.yy * yy,
            dy: next.yx * dx + next.yy * dy + next.dy)
    }

    /// By how much areas grow; negative for a mirrored map.
    public var determinant: Double { xx * yy - xy * yx }

    /// The map back, or `nil` for one that flattens the plane.
    public var inverse: AffineMap? {
        let area = determinant
        guard area != 0, area.isFinite else { return nil }
        let (a, b) = (yy / area, -xy / area)
        let (c, d) = (-yx / area, xx / area)
        return AffineMap(
            xx: a, xy: b, dx: -(a * dx + b * dy), yx: c, yy: d, dy: -(c * dx + d * dy))
    }
}
