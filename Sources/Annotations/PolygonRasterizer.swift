/// Fills polygons by the rule of COCO's masks: even-odd, on a grid five times as fine.
///
/// The outline is traced in whole steps of the fine grid; where it crosses the middle of a pixel
/// column, a run begins or ends. Parts of one polygon that are drawn twice cancel.
public struct PolygonRasterizer: Sendable {
    private static let scale = 5
    /// The fine column that is the middle of a pixel.
    private static let middle = 2

    private let height: Int
    private let width: Int
    private let pixels: Int

    /// Prepares for masks of one size.
    ///
    /// - Parameters:
    ///   - height: Height in pixels.
    ///   - width: Width in pixels.
    /// - Throws: `RunLengthError` if no mask can have that size.
    public init(height: Int, width: Int) throws(RunLengthError) {
        self.pixels = try RunLengthMask.pixelCount(height: height, width: width)
        self.height = height
        self.width = width
    }

    /// Fills each polygon and unites them.
    ///
    /// - Parameter polygons: Flat lists `x0, y0, x1, y1, ...` in pixels; those of fewer than three
    ///   points are empty.
    /// - Returns: The mask, without a pixel if there is no polygon.
    /// - Throws: `RunLengthError` for a coordinate that is not finite or absurdly far away.
    public func mask(of polygons: [[Double]]) throws(RunLengthError) -> RunLengthMask {
        var masks: [RunLengthMask] = []
        for polygon in polygons { masks.append(try mask(of: polygon)) }
        return masks.isEmpty ? mask(crossings: []) : .union(masks)
    }

    /// Fills one polygon.
    ///
    /// - Parameter polygon: A flat list `x0, y0, x1, y1, ...` in pixels; a last odd number is
    ///   left out.
    /// - Returns: The mask, without a pixel for fewer than three points.
    /// - Throws: `RunLengthError` for a coordinate that is not finite or absurdly far away.
    public func mask(of polygon: [Double]) throws(RunLengthError) -> RunLengthMask {
        let points = polygon.count / 2
        guard points >= 3 else { return mask(crossings: []) }
        var xs: [Int] = []
        var ys: [Int] = []
        for index in 0..<points {
            xs.append(try fine(polygon[2 * index]))
            ys.append(try fine(polygon[2 * index + 1]))
        }
        var trace = OutlineTrace(height: height, width: width)
        for index in 0..<points {
            let next = index + 1 == points ? 0 : index + 1
            trace.edge(fromX: xs[index], y: ys[index], toX: xs[next], y: ys[next])
        }
        return mask(crossings: trace.crossings)
    }

    /// A coordinate on the fine grid; truncation goes toward zero, as in the reference.
    private func fine(_ value: Double) throws(RunLengthError) -> Int {
        let scaled = Double(Self.scale) * value + 0.5
        guard abs(scaled) < 0x1p31 else {
            throw RunLengthError(
                what: "the polygon has the coordinate \(value)",
                fix: "give coordinates in pixels of the image")
        }
        return Int(scaled)
    }

    /// Runs between sorted crossings; crossings at the same place cancel.
    private func mask(crossings: [Int]) -> RunLengthMask {
        let ends = (crossings + [pixels]).sorted()
        var counts: [UInt32] = [UInt32(ends[0])]
        var index = 1
        while index < ends.count {
            if ends[index] > ends[index - 1] {
                counts.append(UInt32(ends[index] - ends[index - 1]))
            } else {
                index += 1
                guard index < ends.count else { break }
                counts[counts.count - 1] += UInt32(ends[index] - ends[index - 1])
            }
            index += 1
        }
        return RunLengthMask(trustedHeight: height, width: width, counts: counts)
    }

    /// Follows an outline over the fine grid and notes where it crosses middles of columns.
    private struct OutlineTrace {
        private let height: Int
        private let width: Int
        private var last: (u: Int, v: Int)?
        /// Column-order indices of the pixels at which the filling changes.
        private(set) var crossings: [Int] = []

        init(height: Int, width: Int) {
            self.height = height
            self.width = width
        }

        /// Goes along one edge, both ends included, by whole steps of its longer direction.
        mutating func edge(fromX: Int, y fromY: Int, toX: Int, y toY: Int) {
            let dx = abs(toX - fromX)
            let dy = abs(toY - fromY)
            guard dx > 0 || dy > 0 else { return visit(fromX, fromY) }
            let isFlat = dx >= dy
            let flips = isFlat ? fromX > toX : fromY > toY
            let (startX, endX) = flips ? (toX, fromX) : (fromX, toX)
            let (startY, endY) = flips ? (toY, fromY) : (fromY, toY)
            let length = isFlat ? dx : dy
            let slope = Double(isFlat ? endY - startY : endX - startX) / Double(length)
            for step in 0...length {
                let t = flips ? length - step : step
                if isFlat {
                    visit(startX + t, Int(Double(startY) + slope * Double(t) + 0.5))
                } else {
                    visit(Int(Double(startX) + slope * Double(t) + 0.5), startY + t)
                }
            }
        }

        private mutating func visit(_ u: Int, _ v: Int) {
            if let last, last.u != u { cross(from: last.u, to: u, row: min(last.v, v)) }
            last = (u, v)
        }

        private mutating func cross(from: Int, to: Int, row: Int) {
            let fineColumn = to < from ? to : to - 1
            guard fineColumn >= 0, fineColumn % scale == middle else { return }
            let x = fineColumn / scale
            guard x < width else { return }
            crossings.append(x * height + min(max(rowAtOrBelow(row), 0), height))
        }

        /// The first pixel row whose middle is at or below a fine row.
        private func rowAtOrBelow(_ fineRow: Int) -> Int {
            let distance = fineRow - middle
            return distance <= 0 ? 0 : (distance + scale - 1) / scale
        }
    }
}
