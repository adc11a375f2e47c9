import Foundation
import Tensors

/// Boxes as shifts and logarithmic scales against anchors (R-CNN, Girshick et al., 2014).
///
/// `dx = (gx - px) / pw`, `dy = (gy - py) / ph`, `dw = ln(gw / pw)`, `dh = ln(gh / ph)` of centres
/// and sizes, then `(d - mean) / std`. The keys are mmdetection's.
public struct DeltaBoxCoder: Codable, Sendable, Hashable {
    /// Means of the four deltas.
    public var targetMeans: [Float] = [0, 0, 0, 0]
    /// Standard deviations of the four deltas.
    public var targetStds: [Float] = [1, 1, 1, 1]

    /// Largest absolute value of `dw` and `dh` that is decoded, ln(1000 / 16).
    static let largestLogScale: Float = 4.135_166_6

    /// Makes a coder.
    ///
    /// - Parameters:
    ///   - targetMeans: Four means.
    ///   - targetStds: Four standard deviations.
    public init(targetMeans: [Float] = [0, 0, 0, 0], targetStds: [Float] = [1, 1, 1, 1]) {
        self.targetMeans = targetMeans
        self.targetStds = targetStds
    }

    /// Checks the settings.
    ///
    /// - Parameter place: Path of the coder's configuration.
    /// - Throws: `DetectionError` naming the field.
    func validate(place: String) throws(DetectionError) {
        try Check.count(targetMeans.count, 4, place + ".target_means")
        try Check.count(targetStds.count, 4, place + ".target_stds")
        for mean in targetMeans { try Check.range(mean, -1e3...1e3, place + ".target_means") }
        for deviation in targetStds {
            try Check.range(deviation, 1e-6...1e3, place + ".target_stds")
        }
    }

    private var means: SIMD4<Float> { Self.lanes(targetMeans) }
    private var deviations: SIMD4<Float> { Self.lanes(targetStds) }

    private static func lanes(_ x: [Float]) -> SIMD4<Float> { SIMD4(x[0], x[1], x[2], x[3]) }

    /// The deltas that lead from an anchor to a box.
    ///
    /// - Parameters:
    ///   - box: The box; its sides must be positive.
    ///   - anchor: The anchor; its sides must be positive.
    /// - Returns: dx, dy, dw, dh.
    public func encode(_ box: Box, anchor: Box) -> SIMD4<Float> {
        let deltas = SIMD4(
            (box.centerX - anchor.centerX) / anchor.width,
            (box.centerY - anchor.centerY) / anchor.height,
            log(box.width / anchor.width), log(box.height / anchor.height))
        return (deltas - means) / deviations
    }

    /// The box that deltas lead to.
    ///
    /// - Parameters:
    ///   - deltas: dx, dy, dw, dh.
    ///   - anchor: The anchor.
    /// - Returns: The box, not clipped.
    public func decode(_ deltas: SIMD4<Float>, anchor: Box) -> Box {
        let d = deltas * deviations + means
        let bound = Self.largestLogScale
        let halfWidth = 0.5 * anchor.width * exp(min(max(d.z, -bound), bound))
        let halfHeight = 0.5 * anchor.height * exp(min(max(d.w, -bound), bound))
        let x = anchor.centerX + d.x * anchor.width
        let y = anchor.centerY + d.y * anchor.height
        return Box(x1: x - halfWidth, y1: y - halfHeight, x2: x + halfWidth, y2: y + halfHeight)
    }

    /// Decodes rows of deltas, so that gradients reach them.
    ///
    /// - Parameters:
    ///   - deltas: `[P, 4]`.
    ///   - anchors: One for each row.
    /// - Returns: `[P, 4]`, corners in pixels.
    func decode(_ deltas: Tensor, anchors: [Box]) -> Tensor {
        let boxes = Tensor(shape: deltas.shape) { y in
            for (row, anchor) in anchors.enumerated() {
                y.storeBox(decode(deltas.row(row), anchor: anchor), row)
            }
        }
        return boxes.recorded(from: [deltas]) {
            let source = deltas.detached
            return { dy, _ in
                [
                    Tensor(shape: dy.shape) { dx in
                        for (row, anchor) in anchors.enumerated() {
                            dx.storeRow(
                                gradient(source.row(row), anchor, dy.row(row)), row)
                        }
                    }
                ]
            }
        }
    }

    /// Gradient of the deltas from that of the corners; none beyond the bound of the scales.
    private func gradient(
        _ deltas: SIMD4<Float>, _ anchor: Box, _ dy: SIMD4<Float>
    ) -> SIMD4<Float> {
        let d = deltas * deviations + means
        let bound = Self.largestLogScale
        let halfWidth = abs(d.z) <= bound ? 0.5 * anchor.width * exp(d.z) : 0
        let halfHeight = abs(d.w) <= bound ? 0.5 * anchor.height * exp(d.w) : 0
        return deviations
            * SIMD4(
                (dy.x + dy.z) * anchor.width, (dy.y + dy.w) * anchor.height,
                (dy.z - dy.x) * halfWidth, (dy.w - dy.y) * halfHeight)
    }
}
