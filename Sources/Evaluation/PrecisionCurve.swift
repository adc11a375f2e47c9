/// Precision over recall of one category, area range, threshold and number of detections.
///
/// Only right detections are points: a wrong one lowers the precision without raising the recall,
/// so that it never is the largest precision from some recall on.
struct PrecisionCurve {
    private var recalls: [Double] = []
    private var precisions: [Double] = []
    private var scores: [Double] = []
    private var firstScore: Double?

    /// Recall after the last detection, 0 without any.
    var finalRecall: Double { recalls.last ?? 0 }

    /// Forms the curve anew; the arrays are used again.
    ///
    /// - Parameters:
    ///   - outcomes: The outcome of each detection.
    ///   - order: Detections by falling score.
    ///   - allScores: Scores of the detections.
    ///   - objects: Number of objects that count, above 0.
    mutating func form(
        _ outcomes: ArraySlice<DetectionOutcome>, order: [Int], scores allScores: [Double],
        objects: Int
    ) {
        recalls.removeAll(keepingCapacity: true)
        precisions.removeAll(keepingCapacity: true)
        scores.removeAll(keepingCapacity: true)
        firstScore = order.first.map { allScores[$0] }
        var right = 0
        var wrong = 0
        outcomes.withUnsafeBufferPointer { outcomes in
            for detection in order {
                switch outcomes[detection] {
                case .ignored: continue
                case .falsePositive: wrong += 1
                case .truePositive:
                    right += 1
                    recalls.append(Double(right) / Double(objects))
                    // The reference adds numpy's `spacing(1)`, which shows at one of one.
                    precisions.append(
                        Double(right) / (Double(wrong + right) + 2.220446049250313e-16))
                    scores.append(allScores[detection])
                }
            }
        }
        raiseToEnvelope()
    }

    private mutating func raiseToEnvelope() {
        guard precisions.count > 1 else { return }
        for index in stride(from: precisions.count - 1, to: 0, by: -1)
        where precisions[index - 1] < precisions[index] {
            precisions[index - 1] = precisions[index]
        }
    }

    /// Precision and score where a recall is first reached, `nil` if it never is.
    func point(atRecall recall: Double) -> (precision: Double, score: Double)? {
        if recall <= 0 { return firstScore.map { (precisions.first ?? 0, $0) } }
        var low = 0
        var high = recalls.count
        while low < high {
            let middle = (low + high) / 2
            if recalls[middle] < recall { low = middle + 1 } else { high = middle }
        }
        return low < recalls.count ? (precisions[low], scores[low]) : nil
    }
}
