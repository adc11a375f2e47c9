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
        let (left, right) = (Double(box.x0), Double(box.x1))
        let (top, bottom) = (Double(box.y0), Double(box.y1))
        // Each share is largest at an edge of the box on its own, whatever the other one does.
        return BoxXYXY(
            x0: Float(min(xx * left, xx * right) + min(xy * top, xy * bottom) + dx),
            y0: Float(min(yx * left, yx * right) + min(yy * top, yy * bottom) + dy),
            x1: Float(max(xx * left, xx * right) + max(xy * top, xy * bottom) + dx),
            y1: Float(max(yx * left, yx * right) + max(yy * top, yy * bottom) + dy))
    }
}
