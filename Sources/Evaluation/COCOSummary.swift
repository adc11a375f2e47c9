/// One of the twelve numbers: what it is the mean of.
struct SummaryLine {
    enum Measure { case precision, recall }

    let measure: Measure
    /// The one threshold it is taken at; `nil` for all.
    let threshold: Double?
    /// Label of the area range.
    let area: String
    /// The number of detections that count.
    let limit: Int

    /// The twelve lines of pycocotools, in its order.
    static func all(_ parameters: COCOParameters) -> [SummaryLine] {
        let limits = parameters.maxDetections
        func precision(at threshold: Double? = nil, area: String = "all") -> SummaryLine {
            SummaryLine(measure: .precision, threshold: threshold, area: area, limit: limits[2])
        }
        func recall(area: String = "all", limit: Int) -> SummaryLine {
            SummaryLine(measure: .recall, threshold: nil, area: area, limit: limit)
        }
        // The first number asks for 100 literally, whatever the limits are.
        let first = SummaryLine(measure: .precision, threshold: nil, area: "all", limit: 100)
        return [
            first, precision(at: 0.5), precision(at: 0.75), precision(area: "small"),
            precision(area: "medium"), precision(area: "large"),
            recall(limit: limits[0]), recall(limit: limits[1]), recall(limit: limits[2]),
            recall(area: "small", limit: limits[2]), recall(area: "medium", limit: limits[2]),
            recall(area: "large", limit: limits[2]),
        ]
    }

    /// The number itself: the mean of all entries above -1, or -1.
    func value(_ arrays: COCOArrays, _ parameters: COCOParameters, category: Int? = nil) -> Double {
        let thresholds = parameters.iouThresholds.indices.filter {
            threshold == nil || parameters.iouThresholds[$0] == threshold
        }
        let categories = category.map { $0..<$0 + 1 } ?? 0..<arrays.shape[2]
        let columns = self.columns(parameters)
        var values: [Double] = []
        for threshold in thresholds {
            for recall in 0..<(measure == .precision ? arrays.shape[1] : 1) {
                for category in categories {
                    for column in columns {
                        let place = ArraySlicePlace(
                            category: category, area: column.area, limit: column.limit)
                        let value =
                            measure == .precision
                            ? arrays.precision[arrays.index(threshold, recall, place)]
                            : arrays.recall[arrays.recallIndex(threshold, place)]
                        if value > -1 { values.append(value) }
                    }
                }
            }
        }
        return PairwiseSum.mean(values)
    }

    /// Pairs of area range and limit of these names, paired as numpy pairs two index lists.
    private func columns(_ parameters: COCOParameters) -> [(area: Int, limit: Int)] {
        let areas = parameters.areaRanges.indices.filter {
            parameters.areaRanges[$0].label == area
        }
        let limits = parameters.maxDetections.indices.filter {
            parameters.maxDetections[$0] == limit
        }
        if areas.count == limits.count { return Array(zip(areas, limits)) }
        return areas.flatMap { area in limits.map { (area, $0) } }
    }

    /// The line that pycocotools prints.
    func text(_ value: Double, _ parameters: COCOParameters) -> String {
        let title = measure == .precision ? "Average Precision" : "Average Recall   "
        let kind = measure == .precision ? "(AP)" : "(AR)"
        let thresholds = parameters.iouThresholds
        let range =
            threshold.map { Decimals.fixed($0, 2) }
            ?? "\(Decimals.fixed(thresholds[0], 2)):\(Decimals.fixed(thresholds[thresholds.count - 1], 2))"
        return " \(title)  \(kind) @[ IoU=\(range.padded(to: 9)) | area="
            + "\(area.padded(toRight: 6)) | maxDets=\(String(limit).padded(toRight: 3)) ] = "
            + Decimals.fixed(value, 3)
    }
}
