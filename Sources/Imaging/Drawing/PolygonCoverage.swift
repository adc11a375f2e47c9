/// How much of each pixel a polygon covers.
///
/// Even-odd rule over any number of rings. Each pixel row is cut into sub-rows; along a sub-row
/// coverage is exact, so that edges come out smooth.
public struct PolygonCoverage: Sendable {
    /// The covered part of one pixel row.
    public struct Row: Sendable {
        /// The pixel row.
        public let y: Int
        /// The column of the first coverage.
        public let x: Int
        /// Share of each pixel that is covered, 0 to 1.
        public let coverage: [Float]
    }

    private static let subRows = 4

    /// The rows that the polygon touches, from the top.
    public let rows: [Row]

    /// Rasterises a polygon.
    ///
    /// - Parameters:
    ///   - rings: Closed rings in continuous pixel coordinates; those of fewer than three points
    ///     or with a coordinate that is not finite count as absent.
    ///   - size: What lies outside is cut off.
    public init(_ rings: [[PixelPoint]], in size: ImageSize) {
        let usable = rings.filter { ring in
            ring.count >= 3 && ring.allSatisfy { $0.x.isFinite && $0.y.isFinite }
        }
        let edges = usable.flatMap(Edge.edges)
        let top = edges.map(\.top).min() ?? 0
        let bottom = edges.map(\.bottom).max() ?? 0
        let first = Int(min(max(top, 0), Double(size.height)))
        let last = Int(min(max(bottom, 0), Double(size.height)).rounded(.up))
        rows = (first..<max(first, last)).compactMap { y in
            Self.row(y, edges, width: size.width)
        }
    }

    private static func row(_ y: Int, _ edges: [Edge], width: Int) -> Row? {
        let near = edges.filter { $0.top < Double(y + 1) && $0.bottom > Double(y) }
        guard !near.isEmpty else { return nil }
        let spans = (0..<subRows).flatMap { part -> [Span] in
            let height = Double(y) + (Double(part) + 0.5) / Double(subRows)
            let crossings = near.compactMap { $0.crossing(at: height) }.sorted()
            return stride(from: 0, to: crossings.count - 1, by: 2).map { index in
                Span(
                    start: min(max(crossings[index], 0), Double(width)),
                    end: min(max(crossings[index + 1], 0), Double(width)))
            }
        }
        let start = spans.map(\.start).min() ?? 0
        let end = spans.map(\.end).max() ?? 0
        guard end > start else { return nil }
        let x = Int(start)
        var coverage = [Float](repeating: 0, count: Int(end.rounded(.up)) - x)
        for span in spans { span.add(to: &coverage, from: x, weight: 1 / Float(subRows)) }
        return Row(y: y, x: x, coverage: coverage)
    }
}

/// A stretch of a sub-row inside the polygon.
private struct Span {
    let start: Double
    let end: Double

    func add(to coverage: inout [Float], from x: Int, weight: Float) {
        guard end > start else { return }
        let first = Int(start)
        let last = Int(end.rounded(.up)) - 1
        for column in first...max(first, last) {
            let part = min(end, Double(column + 1)) - max(start, Double(column))
            coverage[column - x] += weight * Float(part)
        }
    }
}

/// One side of a ring, from its upper to its lower end.
private struct Edge {
    let top: Double
    let bottom: Double
    let x: Double
    let slope: Double

    static func edges(of ring: [PixelPoint]) -> [Edge] {
        ring.indices.compactMap { Edge(ring[$0], ring[($0 + 1) % ring.count]) }
    }

    private init?(_ start: PixelPoint, _ end: PixelPoint) {
        guard start.y != end.y else { return nil }
        let (upper, lower) = start.y < end.y ? (start, end) : (end, start)
        top = upper.y
        bottom = lower.y
        x = upper.x
        slope = (lower.x - upper.x) / (lower.y - upper.y)
    }

    func crossing(at height: Double) -> Double? {
        height >= top && height < bottom ? x + (height - top) * slope : nil
    }
}
