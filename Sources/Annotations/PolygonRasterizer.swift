/// Fills polygons by the rule of COCO's masks: even-odd, on a grid five times as fine.
///
/// Where the outline, in whole steps of the fine grid, crosses the middle of a pixel column, a run
/// begins or ends. Parts of one polygon that are drawn twice cancel.
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
        var trace = OutlineTrace(height: height, width: width)
        var previous = try finePoint(polygon, points - 1)
        for index in 0..<points {
            let point = try finePoint(polygon, index)
            trace.edge(from: previous, to: point)
            previous = point
        }
        return mask(crossings: trace.crossings)
    }

    /// A point of the fine grid.
    private struct FinePoint {
        let x: Int
        let y: Int
    }

    private func finePoint(
        _ polygon: [Double], _ index: Int
    ) throws(RunLengthError) -> FinePoint {
        FinePoint(x: try fine(polygon[2 * index]), y: try fine(polygon[2 * index + 1]))
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

    /// Notes where an outline on the fine grid crosses middles of pixel columns.
    ///
    /// The reference walks every edge in whole steps of its longer direction. Only the steps that
    /// cross a middle matter, and those are found without walking, so that an edge costs as much
    /// as it has pixel columns inside the image, however far it reaches beyond.
    private struct OutlineTrace {
        private let height: Int
        private let width: Int
        /// Column-order indices of the pixels at which the filling changes.
        private(set) var crossings: [Int] = []

        init(height: Int, width: Int) {
            self.height = height
            self.width = width
        }

        /// Takes one edge; walked backwards it crosses at the same places.
        mutating func edge(from: FinePoint, to: FinePoint) {
            let dx = abs(to.x - from.x)
            let dy = abs(to.y - from.y)
            guard dx > 0 else { return }
            if dx >= dy {
                let (start, end) = from.x <= to.x ? (from, to) : (to, from)
                flatEdge(start, end, length: dx)
            } else {
                let (start, end) = from.y <= to.y ? (from, to) : (to, from)
                steepEdge(start, end, length: dy)
            }
        }

        /// An edge that is at least as wide as high, from left to right.
        private mutating func flatEdge(
            _ start: FinePoint, _ end: FinePoint, length: Int
        ) {
            let slope = Double(end.y - start.y) / Double(length)
            let row = { (step: Int) in Int(Double(start.y) + slope * Double(step) + 0.5) }
            for column in middles(from: start.x, to: end.x) {
                let step = column - start.x
                cross(column, row: min(row(step), row(step + 1)))
            }
        }

        /// An edge that is higher than wide, from top to bottom.
        private mutating func steepEdge(
            _ start: FinePoint, _ end: FinePoint, length: Int
        ) {
            let slope = Double(end.x - start.x) / Double(length)
            let column = { (step: Int) in Int(Double(start.x) + slope * Double(step) + 0.5) }
            for middle in middles(from: min(start.x, end.x), to: max(start.x, end.x)) {
                // The first step beyond the middle; columns never turn back.
                var low = 1
                var high = length
                while low < high {
                    let step = (low + high) / 2
                    let isBeyond = slope > 0 ? column(step) > middle : column(step) <= middle
                    if isBeyond { high = step } else { low = step + 1 }
                }
                cross(middle, row: start.y + low - 1)
            }
        }

        /// Fine columns in the middle of a pixel of the image, from `left` on and before `right`.
        private func middles(from left: Int, to right: Int) -> StrideTo<Int> {
            let first = left <= middle ? 0 : (left - middle + scale - 1) / scale
            return stride(
                from: first * scale + middle, to: min(right, width * scale), by: scale)
        }

        private mutating func cross(_ fineColumn: Int, row: Int) {
            let y = min(max(rowAtOrBelow(row), 0), height)
            crossings.append(fineColumn / scale * height + y)
        }

        /// The first pixel row whose middle is at or below a fine row.
        private func rowAtOrBelow(_ fineRow: Int) -> Int {
            let distance = fineRow - middle
            return distance <= 0 ? 0 : (distance + scale - 1) / scale
        }
    }
}
