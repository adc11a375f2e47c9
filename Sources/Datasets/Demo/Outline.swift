import Foundation
import Imaging

/// Closed rings from which the objects of the demo set are built.
enum Outline {
    /// A ring through corners given as x, y, x, y, ...
    static func ring(_ numbers: [Double]) -> [PixelPoint] {
        stride(from: 0, to: numbers.count - 1, by: 2).map {
            PixelPoint(x: numbers[$0], y: numbers[$0 + 1])
        }
    }

    /// An upright rectangle between two corners.
    static func rectangle(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double)
        -> [PixelPoint]
    {
        ring([left, top, right, top, right, bottom, left, bottom])
    }

    /// A circle as a polygon.
    static func circle(x: Double, y: Double, radius: Double) -> [PixelPoint] {
        arc(x: x, y: y, radius: radius, from: 0, to: 2 * .pi, steps: 20)
    }

    /// Points on a circle, the last angle left out.
    static func arc(
        x: Double, y: Double, radius: Double, from start: Double, to end: Double, steps: Int
    ) -> [PixelPoint] {
        (0..<steps).map { step in
            let angle = start + (end - start) * Double(step) / Double(steps)
            return PixelPoint(x: x + radius * cos(angle), y: y + radius * sin(angle))
        }
    }

    /// A rectangle around the origin with round corners.
    static func rounded(width: Double, height: Double, radius: Double) -> [PixelPoint] {
        let (x, y) = (width / 2 - radius, height / 2 - radius)
        let corners = [(x, y), (-x, y), (-x, -y), (x, -y)]
        return corners.enumerated().flatMap { index, corner in
            let start = Double(index) * .pi / 2
            return arc(
                x: corner.0, y: corner.1, radius: radius, from: start, to: start + .pi / 2 * 1.2,
                steps: 6)
        }
    }

    /// A band of constant width along a line of points.
    static func band(along points: [PixelPoint], width: Double) -> [PixelPoint] {
        let sides = points.indices.map { index -> (left: PixelPoint, right: PixelPoint) in
            let before = points[max(index - 1, 0)]
            let after = points[min(index + 1, points.count - 1)]
            let (dx, dy) = (after.x - before.x, after.y - before.y)
            let reach = width / 2 / max((dx * dx + dy * dy).squareRoot(), 1e-9)
            let point = points[index]
            return (
                PixelPoint(x: point.x - dy * reach, y: point.y + dx * reach),
                PixelPoint(x: point.x + dy * reach, y: point.y - dx * reach)
            )
        }
        return sides.map(\.left) + sides.reversed().map(\.right)
    }

    /// A ring turned around the origin.
    static func turned(_ ring: [PixelPoint], by angle: Double) -> [PixelPoint] {
        let map = AffineMap(
            xx: cos(angle), xy: -sin(angle), dx: 0, yx: sin(angle), yy: cos(angle), dy: 0)
        return ring.map { map($0) }
    }
}
