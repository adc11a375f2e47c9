import Tensors

/// Boxes as distances of their four edges from a point (FCOS): left, top, right, bottom.
public enum DistanceBoxCoder {
    /// The distances from a point to the edges of a box.
    ///
    /// - Parameters:
    ///   - box: The box.
    ///   - x: Horizontal position of the point.
    ///   - y: Vertical position of the point.
    /// - Returns: Left, top, right, bottom; negative where the point is outside.
    public static func encode(_ box: Box, x: Float, y: Float) -> SIMD4<Float> {
        SIMD4(x - box.x1, y - box.y1, box.x2 - x, box.y2 - y)
    }

    /// The distances clamped to what a distribution of limited reach can say (GFL).
    ///
    /// - Parameters:
    ///   - box: The box.
    ///   - x: Horizontal position of the point.
    ///   - y: Vertical position of the point.
    ///   - reach: The largest distance; results stay a tenth below it.
    /// - Returns: Left, top, right, bottom.
    public static func encode(_ box: Box, x: Float, y: Float, reach: Float) -> SIMD4<Float> {
        encode(box, x: x, y: y).clamped(
            lowerBound: SIMD4(repeating: 0), upperBound: SIMD4(repeating: reach - 0.1))
    }

    /// The box of four distances.
    ///
    /// - Parameters:
    ///   - distances: Left, top, right, bottom.
    ///   - x: Horizontal position of the point.
    ///   - y: Vertical position of the point.
    /// - Returns: The box, not clipped.
    public static func decode(_ distances: SIMD4<Float>, x: Float, y: Float) -> Box {
        Box(
            x1: x - distances.x, y1: y - distances.y, x2: x + distances.z, y2: y + distances.w)
    }

    /// Decodes rows of distances, so that gradients reach them.
    ///
    /// - Parameters:
    ///   - distances: `[P, 4]`.
    ///   - points: One for each row.
    /// - Returns: `[P, 4]`, corners in pixels.
    static func decode(_ distances: Tensor, points: [SIMD2<Float>]) -> Tensor {
        let boxes = Tensor(shape: distances.shape) { y in
            for (row, point) in points.enumerated() {
                y.storeBox(decode(distances.row(row), x: point.x, y: point.y), row)
            }
        }
        return boxes.recorded(from: [distances]) {
            { dy, _ in
                [
                    Tensor(shape: dy.shape) { dx in
                        let signs = SIMD4<Float>(-1, -1, 1, 1)
                        for row in points.indices { dx.storeRow(signs * dy.row(row), row) }
                    }
                ]
            }
        }
    }

    /// How central a point lies in its object: `sqrt(min(l, r) / max(l, r) min(t, b) / max(t, b))`.
    ///
    /// FCOS, equation 3.
    ///
    /// - Parameter distances: Left, top, right, bottom, none negative.
    /// - Returns: From 0 at an edge to 1 in the centre.
    public static func centerness(_ distances: SIMD4<Float>) -> Float {
        let horizontal = min(distances.x, distances.z) / max(distances.x, distances.z)
        let vertical = min(distances.y, distances.w) / max(distances.y, distances.w)
        return (horizontal * vertical).squareRoot()
    }
}
