/// Precision, recall and scores as pycocotools holds them; -1 where there is nothing to measure.
///
/// T thresholds, R recalls, K categories, A area ranges and M numbers of detections, row-major.
public struct COCOArrays: Sendable {
    /// The axes T, R, K, A, M of precision and scores.
    public let shape: [Int]
    /// The axes T, K, A, M of recall.
    public let recallShape: [Int]
    /// Precision `[T, R, K, A, M]`.
    public private(set) var precision: [Double]
    /// Recall `[T, K, A, M]`.
    public private(set) var recall: [Double]
    /// Score at which each precision was reached `[T, R, K, A, M]`.
    public private(set) var scores: [Double]

    init(_ parameters: COCOParameters, categories: Int) {
        shape = [
            parameters.iouThresholds.count, parameters.recallThresholds.count, categories,
            parameters.areaRanges.count, parameters.maxDetections.count,
        ]
        recallShape = [shape[0], shape[2], shape[3], shape[4]]
        precision = [Double](repeating: -1, count: shape.reduce(1, *))
        scores = precision
        recall = [Double](repeating: -1, count: recallShape.reduce(1, *))
    }

    /// Where an entry stands in `precision` and `scores`.
    func index(_ threshold: Int, _ recall: Int, _ slice: ArraySlicePlace) -> Int {
        (((threshold * shape[1] + recall) * shape[2] + slice.category) * shape[3] + slice.area)
            * shape[4] + slice.limit
    }

    /// Where an entry stands in `recall`.
    func recallIndex(_ threshold: Int, _ slice: ArraySlicePlace) -> Int {
        ((threshold * shape[2] + slice.category) * shape[3] + slice.area) * shape[4] + slice.limit
    }

    /// Fills one column of the arrays from a curve.
    mutating func fill(
        threshold: Int, slice: ArraySlicePlace, from curve: PrecisionCurve, at recalls: [Double]
    ) {
        recall[recallIndex(threshold, slice)] = curve.finalRecall
        for index in recalls.indices {
            let place = self.index(threshold, index, slice)
            precision[place] = 0
            scores[place] = 0
        }
        for (index, wanted) in recalls.enumerated() {
            // The reference stops at the first recall that is not reached, whatever follows.
            guard let point = curve.point(atRecall: wanted) else { return }
            let place = self.index(threshold, index, slice)
            precision[place] = point.precision
            scores[place] = point.score
        }
    }
}

/// A category, area range and number of detections of the arrays.
struct ArraySlicePlace {
    var category: Int
    var area: Int
    var limit: Int
}
