/// The drawings of a report.
struct ReportCharts {
    private static let colours = ["#1f6fb2", "#d97706"]
    private static let bins = 20

    let result: COCOResult

    /// Precision over recall, mean over the categories, at the overlaps 0.5 and 0.75.
    var precisionRecall: String {
        let frame = ChartFrame(
            horizontalTitle: "recall", verticalTitle: "precision", highest: 1)
        let thresholds = [0.5, 0.75].filter(result.parameters.iouThresholds.contains)
        var curves: [String] = []
        var legend: [(name: String, colour: String)] = []
        for (threshold, colour) in zip(thresholds, Self.colours) {
            let points = zip(result.parameters.recallThresholds, meanPrecision(at: threshold))
                .filter { $1 >= 0 }
                .map { "\(frame.x(min(max($0, 0), 1))),\(frame.y($1))" }
            curves.append(
                "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" "
                    + "points=\"\(points.joined(separator: " "))\"/>")
            legend.append(("IoU \(threshold)", colour))
        }
        return frame.drawing(curves, legend: legend)
    }

    /// Precision at each recall, mean over the categories that have objects, or -1.
    private func meanPrecision(at threshold: Double) -> [Double] {
        let parameters = result.parameters
        guard let index = parameters.iouThresholds.firstIndex(of: threshold) else { return [] }
        return parameters.recallThresholds.indices.map { recall in
            let values = (0..<result.arrays.shape[2]).map { category in
                let place = ArraySlicePlace(
                    category: category, area: parameters.outcomeArea, limit: 2)
                return result.arrays.precision[result.arrays.index(index, recall, place)]
            }
            return PairwiseSum.mean(values.filter { $0 > -1 })
        }
    }

    /// How the scores of right and wrong detections are spread.
    func scoreHistogram(_ outcomes: EvaluationOutcomes) -> String {
        let right = counts(outcomes, of: .truePositive)
        let wrong = counts(outcomes, of: .falsePositive)
        let highest = zip(right, wrong).map { $0 + $1 }.max() ?? 0
        let frame = ChartFrame(
            horizontalTitle: "score", verticalTitle: "detections",
            highest: Double(max(highest, 1)))
        let width = (frame.x(1) - frame.x(0)) / Double(Self.bins)
        var bars: [String] = []
        for bin in 0..<Self.bins {
            let left = frame.x(0) + width * Double(bin)
            for (low, high, colour) in [
                (0, right[bin], Self.colours[0]),
                (right[bin], right[bin] + wrong[bin], Self.colours[1]),
            ] where high > low {
                let top = frame.y(Double(high))
                bars.append(
                    "<rect x=\"\(left + 1)\" y=\"\(top)\" width=\"\(width - 2)\" "
                        + "height=\"\(frame.y(Double(low)) - top)\" fill=\"\(colour)\"/>")
            }
        }
        return frame.drawing(
            bars, legend: [("right", Self.colours[0]), ("wrong", Self.colours[1])])
    }

    private func counts(_ outcomes: EvaluationOutcomes, of outcome: DetectionOutcome) -> [Int] {
        var result = [Int](repeating: 0, count: Self.bins)
        for detection in outcomes.detections where detection.outcome == outcome {
            let share = detection.score.isNaN ? 0 : min(max(detection.score, 0), 1)
            result[min(Int(share * Double(Self.bins)), Self.bins - 1)] += 1
        }
        return result
    }
}
