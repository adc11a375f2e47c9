/// Greedy non-maximum suppression: of boxes that overlap, only the best stays.
///
/// Boxes are taken by falling score (of equal ones the first comes first); one is dropped when its
/// IoU with a kept one is larger than the threshold. Equality survives, and two boxes without
/// area, whose IoU is 0 / 0, do not suppress each other. Labels are compared, so that classes
/// are told apart exactly where an offset of the coordinates would round.
public struct NonMaximumSuppression: Sendable, Hashable {
    /// Largest IoU of two kept boxes.
    public var iouThreshold: Float
    /// Most boxes that are kept.
    public var limit: Int

    /// Makes a suppression.
    ///
    /// - Parameters:
    ///   - iouThreshold: Largest IoU of two kept boxes.
    ///   - limit: Most boxes that are kept.
    public init(iouThreshold: Float, limit: Int = .max) {
        self.iouThreshold = iouThreshold
        self.limit = limit
    }

    /// The boxes that stay.
    ///
    /// - Parameters:
    ///   - boxes: The boxes.
    ///   - scores: One a box; one that is not a number comes last.
    ///   - labels: One a box; when absent, all boxes suppress each other.
    /// - Returns: Indices of the kept boxes by falling score.
    public func callAsFunction(_ boxes: [Box], scores: [Float], labels: [Int]? = nil) -> [Int] {
        precondition(boxes.count == scores.count, "one score a box is needed")
        precondition(labels.map { $0.count == boxes.count } ?? true, "one label a box is needed")
        var kept: [Int] = []
        var keptBoxes: [KeptBox] = []
        for index in Self.order(scores) {
            if kept.count >= limit { break }
            let candidate = KeptBox(
                box: boxes[index], area: boxes[index].area, label: labels.map { $0[index] } ?? 0)
            if isSuppressed(candidate, by: keptBoxes) { continue }
            kept.append(index)
            keptBoxes.append(candidate)
        }
        return kept
    }

    /// Indices by falling score, equal ones by growing index.
    static func order(_ scores: [Float]) -> [Int] {
        scores.indices.sorted { a, b in
            let (left, right) = (scores[a], scores[b])
            if left == right { return a < b }
            if left.isNaN || right.isNaN {
                return left.isNaN == right.isNaN ? a < b : right.isNaN
            }
            return left > right
        }
    }

    private struct KeptBox {
        var box: Box
        var area: Float
        var label: Int
    }

    private func isSuppressed(_ candidate: KeptBox, by kept: [KeptBox]) -> Bool {
        for other in kept where other.label == candidate.label {
            let overlap = Overlap.intersection(other.box, candidate.box)
            if overlap / (other.area + candidate.area - overlap) > iouThreshold { return true }
        }
        return false
    }
}
