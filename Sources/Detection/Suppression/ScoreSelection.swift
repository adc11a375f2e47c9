import Foundation

/// A score and where it stands.
struct ScoredEntry: Sendable {
    var score: Float
    var index: Int32

    /// The better first; of equal scores the smaller index.
    static func precedes(_ a: ScoredEntry, _ b: ScoredEntry) -> Bool {
        a.score != b.score ? a.score > b.score : a.index < b.index
    }
}

/// The best scores of a map of logits.
struct ScoreSelection: Sendable {
    /// Scores that are not above it are dropped.
    let threshold: Float
    /// Most scores that are kept.
    let limit: Int
    /// A logit below which no score can be above the threshold, whatever the rounding.
    private let leastLogit: Float

    init(threshold: Float, limit: Int) {
        self.threshold = threshold
        self.limit = limit
        let probability = Double(min(max(threshold, 0), 1))
        leastLogit = Float(log(probability / (1 - probability))) - 1e-3
    }

    /// The logistic function.
    @inline(__always)
    static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

    /// The best scores above the threshold.
    ///
    /// Almost all entries are far below it, so that eight logits are looked at together and only
    /// the rest is turned into scores.
    ///
    /// - Parameter logits: The logits.
    /// - Returns: By falling score, at most `limit`.
    func callAsFunction(_ logits: UnsafeBufferPointer<Float>) -> [ScoredEntry] {
        guard let base = logits.baseAddress else { return [] }
        var entries: [ScoredEntry] = []
        let bytes = UnsafeRawPointer(base)
        let whole = logits.count & ~7
        let least = SIMD8<Float>(repeating: leastLogit)
        for start in stride(from: 0, to: whole, by: 8) {
            let lanes = bytes.loadUnaligned(
                fromByteOffset: start * MemoryLayout<Float>.stride, as: SIMD8<Float>.self)
            if any(lanes .> least) { append(logits, start..<start + 8, to: &entries) }
        }
        append(logits, whole..<logits.count, to: &entries)
        if entries.count / 2 > limit { dropHopeless(&entries) }
        entries.sort(by: ScoredEntry.precedes)
        return entries.count > limit ? Array(entries.prefix(limit)) : entries
    }

    private func append(
        _ logits: UnsafeBufferPointer<Float>, _ range: Range<Int>, to entries: inout [ScoredEntry]
    ) {
        for index in range where logits[index] > leastLogit {
            let score = Self.sigmoid(logits[index])
            if score > threshold {
                entries.append(ScoredEntry(score: score, index: Int32(index)))
            }
        }
    }

    /// Drops entries that cannot be among the best `limit`, by a histogram of the scores.
    ///
    /// The bits of positive floats grow with their values, so that the upper ones are a bucket.
    private func dropHopeless(_ entries: inout [ScoredEntry]) {
        func bucket(_ score: Float) -> Int { Int(score.bitPattern >> 16) }
        var histogram = [Int](repeating: 0, count: bucket(1) + 1)
        for entry in entries { histogram[bucket(entry.score)] += 1 }
        var lowest = histogram.count
        var count = 0
        while count < limit, lowest > 0 {
            lowest -= 1
            count += histogram[lowest]
        }
        entries.removeAll { bucket($0.score) < lowest }
    }
}
