import Foundation

/// Soft non-maximum suppression: overlapping boxes lose score instead of being dropped.
///
/// Soft-NMS, Bodla et al., ICCV 2017. The best box left (of equal ones the first in the list) is
/// taken, the scores of the others fall with their IoU to it, and one whose score has fallen
/// below the least is replaced by the last of the list, as mmcv does; that order shows in ties.
public struct SoftSuppression: Sendable, Hashable {
    /// How a score falls.
    public enum Decay: Sendable, Hashable {
        /// By `1 - IoU` where the IoU reaches the threshold.
        case linear(iouThreshold: Float)
        /// By `exp(-IoU^2 / sigma)`.
        case gaussian(sigma: Float)
        /// To 0 where the IoU reaches the threshold.
        case hard(iouThreshold: Float)

        func factor(_ iou: Float) -> Float {
            switch self {
            case .linear(let threshold): iou >= threshold ? 1 - iou : 1
            case .gaussian(let sigma): exp(-iou * iou / sigma)
            case .hard(let threshold): iou >= threshold ? 0 : 1
            }
        }
    }

    /// How scores fall.
    public var decay: Decay
    /// Boxes whose score is smaller are dropped.
    public var leastScore: Float
    /// Most boxes that are kept.
    public var limit: Int

    /// Makes a suppression.
    ///
    /// - Parameters:
    ///   - decay: How scores fall.
    ///   - leastScore: Boxes whose score is smaller are dropped.
    ///   - limit: Most boxes that are kept.
    public init(decay: Decay, leastScore: Float = 1e-3, limit: Int = .max) {
        self.decay = decay
        self.leastScore = leastScore
        self.limit = limit
    }

    /// What stays, in the order in which it was taken.
    public struct Result: Sendable, Equatable {
        /// Indices of the boxes.
        public var indices: [Int] = []
        /// Their lowered scores.
        public var scores: [Float] = []
    }

    private struct Entry {
        var index: Int
        var score: Float
    }

    /// Lowers the scores of overlapping boxes.
    ///
    /// - Parameters:
    ///   - boxes: The boxes.
    ///   - scores: One a box.
    ///   - labels: One a box; when absent, all boxes suppress each other.
    /// - Returns: What stays.
    public func callAsFunction(
        _ boxes: [Box], scores: [Float], labels: [Int]? = nil
    ) -> Result {
        precondition(boxes.count == scores.count, "one score a box is needed")
        var rest = scores.enumerated().map { Entry(index: $0.offset, score: $0.element) }
        var result = Result()
        var position = 0
        while position < min(rest.count, limit) {
            var best = position
            for index in position..<rest.count where rest[index].score > rest[best].score {
                best = index
            }
            rest.swapAt(position, best)
            let taken = rest[position]
            result.indices.append(taken.index)
            result.scores.append(taken.score)
            position += 1
            lower(&rest, from: position) { other in
                if let labels, labels[other] != labels[taken.index] { return 1 }
                return decay.factor(Self.iou(boxes[taken.index], boxes[other]))
            }
        }
        return result
    }

    private func lower(
        _ entries: inout [Entry], from start: Int, _ factor: (Int) -> Float
    ) {
        var index = start
        while index < entries.count {
            entries[index].score *= factor(entries[index].index)
            if entries[index].score < leastScore {
                entries[index] = entries[entries.count - 1]
                entries.removeLast()
            } else {
                index += 1
            }
        }
    }

    /// IoU; 0 of two boxes without area.
    private static func iou(_ a: Box, _ b: Box) -> Float {
        let overlap = Overlap.intersection(a, b)
        return overlap > 0 ? overlap / (a.area + b.area - overlap) : 0
    }
}
