import Foundation
import Tensors

/// How far boxes are from their targets, by overlap.
///
/// UnitBox (Yu et al., 2016) for `-ln IoU`, Rezatofighi et al. (CVPR 2019) for `1 - GIoU`.
public struct BoxLoss: Codable, Sendable, Hashable {
    /// The formulas.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// `-ln max(IoU, eps)`.
        case iou = "IoULoss"
        /// `1 - max(IoU, eps)`.
        case linearIoU = "LinearIoULoss"
        /// `1 - GIoU`.
        case giou = "GIoULoss"
    }

    /// Which formula.
    public var type: Kind
    /// Weight among the losses.
    public var lossWeight: Float
    /// Least denominator in square pixels, and least IoU whose logarithm is taken.
    public var eps: Float = 1e-6

    /// Makes a loss.
    ///
    /// - Parameters:
    ///   - type: Which formula.
    ///   - lossWeight: Weight among the losses.
    public init(type: Kind, lossWeight: Float = 1) {
        self.type = type
        self.lossWeight = lossWeight
    }

    /// Checks the settings.
    ///
    /// - Parameter place: Path of the loss's configuration.
    /// - Throws: `DetectionError` naming the field.
    func validate(place: String) throws(DetectionError) {
        try Check.notNegative(lossWeight, place + ".loss_weight")
        try Check.range(eps, 1e-12...1, place + ".eps")
    }

    /// The weighted sum over boxes, divided by the average factor.
    ///
    /// - Parameters:
    ///   - boxes: `[P, 4]`, corners.
    ///   - targets: One a row.
    ///   - weights: One a row; 1 when absent.
    ///   - averageFactor: What the sum is divided by.
    /// - Returns: A scalar, weighted by `lossWeight`.
    public func callAsFunction(
        _ boxes: Tensor, targets: [Box], weights: [Float]? = nil, averageFactor: Float
    ) -> Tensor {
        precondition(boxes.count == 4 * targets.count, "one target a box is needed")
        let scale = Double(lossWeight / averageFactor)
        var total = 0.0
        let gradient = Tensor(shape: boxes.shape) { dx in
            for (row, target) in targets.enumerated() {
                let factor = scale * Double(weights.map { $0[row] } ?? 1)
                let term = term(OverlapDerivatives(Box(boxes.row(row)), target, eps: Double(eps)))
                total += factor * term.value
                let scaled = term.gradient * factor
                for lane in 0..<4 { dx[4 * row + lane] = Float(scaled[lane]) }
            }
        }
        return .loss(total, gradient: gradient, of: boxes)
    }

    private struct Term {
        var value: Double
        var gradient: SIMD4<Double>
    }

    private func term(_ overlap: OverlapDerivatives) -> Term {
        let least = Double(eps)
        // Below the bound the IoU is taken as constant.
        let slope = overlap.iou >= least ? overlap.iouGradient : SIMD4(repeating: 0)
        let iou = max(overlap.iou, least)
        switch type {
        case .iou: return Term(value: -log(iou), gradient: slope * (-1 / iou))
        case .linearIoU: return Term(value: 1 - iou, gradient: slope * -1)
        case .giou: return Term(value: 1 - overlap.giou, gradient: overlap.giouGradient * -1)
        }
    }
}

/// IoU and GIoU of two boxes with their derivatives by the corners of the first.
private struct OverlapDerivatives {
    let iou: Double
    let iouGradient: SIMD4<Double>
    let giou: Double
    let giouGradient: SIMD4<Double>

    init(_ a: Box, _ b: Box, eps: Double) {
        let p = SIMD4(Double(a.x1), Double(a.y1), Double(a.x2), Double(a.y2))
        let t = SIMD4(Double(b.x1), Double(b.y1), Double(b.x2), Double(b.y2))
        let inner = Span(p, t, inner: true)
        let outer = Span(p, t, inner: false)
        let areaGradient = SIMD4(p.y - p.w, p.x - p.z, p.w - p.y, p.z - p.x)
        let areas = (p.z - p.x) * (p.w - p.y) + (t.z - t.x) * (t.w - t.y)
        let exactUnion = areas - inner.area
        let union = max(exactUnion, eps)
        let unionGradient =
            exactUnion > eps ? areaGradient - inner.gradient : SIMD4(repeating: 0)
        iou = inner.area / union
        iouGradient = (inner.gradient - unionGradient * iou) / union
        let enclosing = max(outer.area, eps)
        let enclosingGradient = outer.area > eps ? outer.gradient : SIMD4(repeating: 0)
        let ratio = union / enclosing
        giou = iou - 1 + ratio
        giouGradient = iouGradient + (unionGradient - enclosingGradient * ratio) / enclosing
    }

    /// The intersection or the enclosing box: its area and derivatives.
    private struct Span {
        let area: Double
        let gradient: SIMD4<Double>

        init(_ p: SIMD4<Double>, _ t: SIMD4<Double>, inner: Bool) {
            // The corners of the first box that bound the span: the larger of the left edges and
            // the smaller of the right ones inside, the reverse outside; half each on a tie.
            var share = SIMD4<Double>(repeating: 0.5)
            for lane in 0..<4 where p[lane] != t[lane] {
                let isLarger = p[lane] > t[lane]
                share[lane] = isLarger == (inner == (lane < 2)) ? 1 : 0
            }
            let larger = pointwiseMax(p, t)
            let smaller = pointwiseMin(p, t)
            let (low, high) = inner ? (larger, smaller) : (smaller, larger)
            let exactWidth = high.z - low.x
            let exactHeight = high.w - low.y
            let (width, height) = (max(exactWidth, 0), max(exactHeight, 0))
            let horizontal = exactWidth >= 0 ? height : 0
            let vertical = exactHeight >= 0 ? width : 0
            area = width * height
            gradient = share * SIMD4(-horizontal, -vertical, horizontal, vertical)
        }
    }
}
