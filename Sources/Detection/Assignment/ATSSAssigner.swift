// Bridging the Gap Between Anchor-based and Anchor-free Detection via Adaptive Training Sample
// Selection, Zhang et al., CVPR 2020, algorithm 1, as mmdetection 3.3 has it.

/// Adaptive training sample selection: which anchors are positive for which object.
///
/// The `topk` anchors of each level whose centres are nearest to an object's centre are its
/// candidates (of two equally near the one with the smaller index). Positive are those whose IoU
/// reaches mean plus standard deviation of all candidates' IoUs and whose centre lies inside the
/// object. An anchor that is positive for several objects takes the one of highest IoU.
public struct ATSSAssigner: Codable, Sendable, Hashable {
    /// Candidates a level.
    public var topk = 9
    /// Anchors of which a larger part lies in a crowd are ignored; not above 0: none are.
    public var ignoreIofThr: Float = -1

    /// The defaults of the paper.
    public init() {}

    /// Least distance in pixels of an anchor's centre from the edges of its object.
    private static let leastDistance: Float = 0.01

    /// Checks the settings.
    ///
    /// - Parameter place: Path of the assigner's configuration.
    /// - Throws: `DetectionError` naming the field.
    func validate(place: String) throws(DetectionError) {
        try Check.positive(topk, place + ".topk")
        try Check.range(ignoreIofThr, -1...1, place + ".ignore_iof_thr")
    }

    /// Matches the anchors of one image with its objects.
    ///
    /// - Parameters:
    ///   - anchors: The anchors.
    ///   - targets: The image's objects.
    /// - Returns: For each anchor a number as in `Match`.
    func assign(_ anchors: AnchorGrid, to targets: DetectionTargets) -> [Int32] {
        var matches = [Int32](repeating: Match.background, count: anchors.count)
        let valid = anchors.grid.levels.map { $0.validCells(targets.paddedExtent) }
        markOutside(&matches, anchors, valid)
        if ignoreIofThr > 0, !targets.ignoredBoxes.isEmpty {
            markIgnored(&matches, anchors, targets.ignoredBoxes)
        }
        var best = [Float](repeating: -.infinity, count: matches.count)
        let skipsIgnored = matches.contains(Match.ignored)
        for (object, box) in targets.boxes.enumerated() where box.isFinite {
            var search = CandidateSearch(
                box, limit: topk, anchors: anchors, ignoring: skipsIgnored ? matches : nil)
            for level in valid.indices { search.search(level: level, valid: valid[level]) }
            let threshold = search.overlapThreshold
            for candidate in search.chosen where Double(candidate.overlap) >= threshold {
                guard Self.isInside(candidate.anchor, box),
                    candidate.overlap > best[candidate.index]
                else { continue }
                best[candidate.index] = candidate.overlap
                matches[candidate.index] = Int32(object + 1)
            }
        }
        return matches
    }

    /// Whether an anchor's centre lies inside an object.
    private static func isInside(_ anchor: Box, _ box: Box) -> Bool {
        let (x, y) = (anchor.centerX, anchor.centerY)
        return min(min(x - box.x1, y - box.y1), min(box.x2 - x, box.y2 - y)) > leastDistance
    }

    private func markOutside(
        _ matches: inout [Int32], _ anchors: AnchorGrid, _ valid: [ImageExtent]
    ) {
        let perCell = anchors.anchorsPerCell
        for (level, inside) in zip(anchors.grid.levels, valid)
        where inside.width < level.width || inside.height < level.height {
            for row in 0..<level.height {
                let firstColumn = row < inside.height ? inside.width : 0
                let start = level.firstCell + row * level.width
                for index in (start + firstColumn) * perCell..<(start + level.width) * perCell {
                    matches[index] = Match.outside
                }
            }
        }
    }

    private func markIgnored(
        _ matches: inout [Int32], _ anchors: AnchorGrid, _ crowds: [Box]
    ) {
        for (number, level) in anchors.grid.levels.enumerated() {
            let first = level.firstCell * anchors.anchorsPerCell
            for index in 0..<level.count * anchors.anchorsPerCell
            where matches[first + index] == Match.background {
                let anchor = anchors.anchor(level: number, index: index)
                if crowds.contains(where: { Overlap.iof(anchor, $0) > ignoreIofThr }) {
                    matches[first + index] = Match.ignored
                }
            }
        }
    }
}

/// An anchor that may become positive for the object at hand.
private struct Candidate {
    /// Square of the distance of the centres; infinite for an ignored anchor.
    var distance: Float
    /// Number of the anchor among those of all levels.
    var index: Int
    var anchor: Box
    var overlap: Float
}

/// The search for the anchors nearest to one object, level by level.
private struct CandidateSearch {
    private(set) var chosen: [Candidate] = []
    private let box: Box
    private let limit: Int
    private let anchors: AnchorGrid
    /// The matches so far when some anchors are ignored; those are infinitely far.
    private let ignoring: [Int32]?
    private var levelStart = 0

    init(_ box: Box, limit: Int, anchors: AnchorGrid, ignoring: [Int32]?) {
        self.box = box
        self.limit = limit
        self.anchors = anchors
        self.ignoring = ignoring
        chosen.reserveCapacity(limit * anchors.grid.levels.count + 1)
    }

    /// Adds the nearest anchors of a level.
    ///
    /// The nearest lie in the nearest rows and columns, so that only those are looked at, unless
    /// some anchors are ignored.
    mutating func search(level: Int, valid: ImageExtent) {
        levelStart = chosen.count
        let grid = anchors.grid.levels[level]
        let whole = ignoring != nil
        let rows =
            whole ? 0..<valid.height : nearest(box.centerY / Float(grid.stride), valid.height)
        let columns =
            whole ? 0..<valid.width : nearest(box.centerX / Float(grid.stride), valid.width)
        for row in rows {
            let dy = Float(row * grid.stride) - box.centerY
            for column in columns {
                let dx = Float(column * grid.stride) - box.centerX
                let cell = grid.firstCell + row * grid.width + column
                consider(cell, level: level, row: row, column: column, dx * dx + dy * dy)
            }
        }
        for position in levelStart..<chosen.count {
            chosen[position].overlap = Overlap.iou(chosen[position].anchor, box)
        }
    }

    /// A range that holds the `limit` integers of `0..<count` nearest to `position`.
    private func nearest(_ position: Float, _ count: Int) -> Range<Int> {
        guard count > limit else { return 0..<count }
        let center = min(max(position, 0), Float(count - 1))
        let reach = Float(limit) / 2
        let lower = max(0, min(Int((center - reach).rounded(.down)), count - limit))
        let upper = min(count - 1, max(Int((center + reach).rounded(.up)), limit - 1))
        return lower..<upper + 1
    }

    /// Inserts the anchors of a cell in order of distance, if they are near enough.
    ///
    /// Cells come by growing index, so that an anchor as far as the last chosen stays out.
    private mutating func consider(
        _ cell: Int, level: Int, row: Int, column: Int, _ cellDistance: Float
    ) {
        for number in 0..<anchors.anchorsPerCell {
            let index = cell * anchors.anchorsPerCell + number
            let isIgnored = ignoring.map { $0[index] == Match.ignored } ?? false
            let distance = isIgnored ? .infinity : cellDistance
            let isFull = chosen.count - levelStart == limit
            if isFull, distance >= chosen[chosen.count - 1].distance { continue }
            if isFull { chosen.removeLast() }
            var position = chosen.count
            while position > levelStart, chosen[position - 1].distance > distance {
                position -= 1
            }
            let anchor = anchors.anchor(level: level, row: row, column: column, anchor: number)
            chosen.insert(
                Candidate(distance: distance, index: index, anchor: anchor, overlap: 0),
                at: position)
        }
    }

    /// Mean plus standard deviation (divisor n - 1) of the IoUs; of a single one, itself.
    var overlapThreshold: Double {
        let count = Double(chosen.count)
        let mean = chosen.reduce(0) { $0 + Double($1.overlap) } / count
        let squares = chosen.reduce(0) { sum, candidate in
            let deviation = Double(candidate.overlap) - mean
            return sum + deviation * deviation
        }
        return mean + (squares / max(count - 1, 1)).squareRoot()
    }
}
