/// Orders detections by falling score; equals keep their order and NaN comes last.
enum ScoreOrder {
    private struct Key {
        let score: Double
        let index: Int
    }

    /// Indices of scores in that order.
    static func indices(_ scores: [Double]) -> [Int] {
        guard scores.count > 1 else { return Array(scores.indices) }
        var keys = scores.enumerated().map { Key(score: $1, index: $0) }
        keys.sort { left, right in
            if left.score > right.score { return true }
            if left.score < right.score { return false }
            if left.score.isNaN != right.score.isNaN { return right.score.isNaN }
            return left.index < right.index
        }
        return keys.map(\.index)
    }
}
