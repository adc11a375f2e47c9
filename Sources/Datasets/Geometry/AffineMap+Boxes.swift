import Foundation
import Imaging

extension AffineMap {
    /// A shift.
    ///
    /// - Parameters:
    ///   - x: To the right, in pixels.
    ///   - y: Down, in pixels.
    /// - Returns: The map.
    static func shift(x: Double, y: Double) -> AffineMap { .scale(x: 1, y: 1, dx: x, dy: y) }

    /// A turn about the origin, clockwise as seen on a screen.
    ///
    /// - Parameter radians: The angle.
    /// - Returns: The map.
    static func rotation(_ radians: Double) -> AffineMap {
        AffineMap(
            xx: cos(radians), xy: -sin(radians), dx: 0, yx: sin(radians), yy: cos(radians), dy: 0)
    }

    /// Target pixels a source pixel: the square root of the change of area.
    var meanScale: Double { abs(determinant).squareRoot() }

    /// The smallest upright box around the image of a box.
    ///
    /// - Parameter box: In source pixels.
    /// - Returns: In target pixels; exact but for turns that are no quarter turns and shears.
    public func callAsFunction(_ box: BoxXYXY) -> BoxXYXY {
        let (left, top) = (Double(box.x0), Double(box.y0))
        let (right, bottom) = (Double(box.x1), Double(box.y1))
        let corners = [
            PixelPoint(x: left, y: top), PixelPoint(x: right, y: top),
            PixelPoint(x: left, y: bottom), PixelPoint(x: right, y: bottom),
        ].map { self($0) }
        let columns = corners.map { Float($0.x) }
        let rows = corners.map { Float($0.y) }
        return BoxXYXY(
            x0: columns.min() ?? 0, y0: rows.min() ?? 0,
            x1: columns.max() ?? 0, y1: rows.max() ?? 0)
    }
}
