import Annotations
import JSONText

/// Scores detections against a truth.
public enum Evaluation {
    /// Scores detections as pycocotools 2.0.11 does, to the last bit.
    ///
    /// - Parameters:
    ///   - truth: Images, categories and annotations.
    ///   - detections: The results, in the order of their file.
    ///   - parameters: What is measured.
    ///   - names: What messages call the two inputs.
    ///   - warnings: Gets what is odd.
    /// - Returns: The arrays, the twelve numbers and those of each category.
    /// - Throws: `EvaluationError` for a result whose image the truth lacks, for masks that are
    ///   broken, and for parameters from which the twelve numbers cannot be formed.
    public static func evaluate(
        truth: COCODataset, detections: [COCODetection], parameters: COCOParameters,
        names: EvaluationNames = EvaluationNames(), warnings: Warnings = Warnings()
    ) throws(EvaluationError) -> COCOResult {
        try parameters.validate()
        var sorted = parameters
        sorted.maxDetections.sort()
        let input = try EvaluationInput(
            truth, detections, sorted, names: names, warnings: warnings)
        let run = EvaluationRun(input, sorted, truth)
        guard sorted.zeroIDs == .asReference, input.truth.contains(where: \.hidesMatches) else {
            return run.result(withoutZeroQuirk: nil)
        }
        var plain = sorted
        plain.zeroIDs = .asMatches
        plain.outcomes = .dropped
        let plainRun = EvaluationRun(input.withVisibleZeroIDs(), plain, truth)
        let result = run.result(withoutZeroQuirk: plainRun.stats)
        warnZeroID(result, plainRun.stats, names, warnings)
        return result
    }

    private static func warnZeroID(
        _ result: COCOResult, _ plain: [Double], _ names: EvaluationNames,
        _ warnings: Warnings
    ) {
        let numbers = plain.map { Decimals.fixed($0, 3) }.joined(separator: " ")
        warnings.add(
            Warning(
                kind: "annotation-id-zero",
                what: "an annotation has the id 0, which pycocotools takes for no match: "
                    + "AP is \(Decimals.fixed(result.stats[0], 6)), and would be "
                    + "\(Decimals.fixed(plain[0], 6)) without that quirk",
                place:
                    "\(names.truth), annotations, id 0; the twelve numbers without it: \(numbers)",
                fix: "number the annotations from 1"))
    }
}

/// One pass over all categories.
struct EvaluationRun {
    private let parameters: COCOParameters
    private let selection: EvaluationSelection
    private let truth: COCODataset
    private var arrays: COCOArrays
    private var outcomes: EvaluationOutcomes?
    private var objectCounts: [Int] = []
    private var detectionCounts: [Int] = []

    init(_ input: EvaluationInput, _ parameters: COCOParameters, _ truth: COCODataset) {
        self.parameters = parameters
        self.truth = truth
        selection = input.selection
        arrays = COCOArrays(parameters, categories: selection.scoredCategories)
        if case .kept = parameters.outcomes {
            outcomes = EvaluationOutcomes(
                iouThreshold: parameters.iouThresholds[parameters.outcomeThreshold],
                images: selection.imageIDs.map { EvaluationOutcomes.Image(id: $0) })
        }
        scoreAll(input)
    }

    /// The twelve numbers.
    var stats: [Double] {
        SummaryLine.all(parameters).map { $0.value(arrays, parameters) }
    }

    private mutating func scoreAll(_ input: EvaluationInput) {
        let sorted = EvaluationCells(
            truth: input.truth, detections: input.detections, selection: selection)
        var matcher = CellMatcher(input, parameters)
        var curve = PrecisionCurve()
        var cells = sorted.cells[...]
        for category in 0..<selection.scoredCategories {
            let own = cells.prefix { $0.category == category }
            cells = cells.dropFirst(own.count)
            let tally = match(own, of: sorted, with: &matcher)
            accumulate(tally, category: category, with: &curve)
            objectCounts.append(tally.objectCounts[parameters.outcomeArea])
            detectionCounts.append(tally.scores.count)
        }
    }

    private mutating func match(
        _ cells: ArraySlice<EvaluationCell>, of sorted: EvaluationCells,
        with matcher: inout CellMatcher
    ) -> CategoryTally {
        let most = parameters.mostDetections
        let capacity = cells.reduce(0) { $0 + min($1.detections.count, most) }
        var tally = CategoryTally(parameters, capacity: capacity)
        for cell in cells {
            let all = sorted.detections[cell.detections]
            let kept = ScoreOrder.indices(all.map(\.score)).prefix(most).map {
                all[all.startIndex + $0]
            }
            tally.beginCell(kept)
            matcher.match(sorted.truth[cell.truth], kept, into: &tally)
        }
        record(tally, cells)
        return tally
    }

    private mutating func accumulate(
        _ tally: CategoryTally, category: Int, with curve: inout PrecisionCurve
    ) {
        let order = ScoreOrder.indices(tally.scores)
        for (limitIndex, limit) in parameters.maxDetections.enumerated() {
            let counted = order.filter { tally.ranks[$0] < limit }
            for area in parameters.areaRanges.indices where tally.objectCounts[area] > 0 {
                let place = ArraySlicePlace(category: category, area: area, limit: limitIndex)
                for threshold in parameters.iouThresholds.indices {
                    let plane = tally.plane(area: area, threshold: threshold)
                    curve.form(
                        tally.outcomes(plane: plane), order: counted, scores: tally.scores,
                        objects: tally.objectCounts[area])
                    arrays.fill(
                        threshold: threshold, slice: place, from: curve,
                        at: parameters.recallThresholds)
                }
            }
        }
    }

    /// Keeps what became of each detection, if that was asked for.
    private mutating func record(_ tally: CategoryTally, _ cells: ArraySlice<EvaluationCell>) {
        guard outcomes != nil else { return }
        let plane = tally.plane(
            area: parameters.outcomeArea, threshold: parameters.outcomeThreshold)
        let planeOutcomes = Array(tally.outcomes(plane: plane))
        var next = 0
        for (cell, missed) in zip(cells, tally.missed) {
            let count = min(cell.detections.count, parameters.mostDetections)
            outcomes?.images[cell.image].missed += missed
            for position in next..<next + count {
                let outcome = planeOutcomes[position]
                outcomes?.detections.append(
                    EvaluationOutcomes.Detection(
                        source: tally.sources[position], score: tally.scores[position],
                        outcome: outcome))
                switch outcome {
                case .truePositive: outcomes?.images[cell.image].right += 1
                case .falsePositive: outcomes?.images[cell.image].wrong += 1
                case .ignored: break
                }
            }
            next += count
        }
    }

    /// The result to hand out.
    func result(withoutZeroQuirk plain: [Double]?) -> COCOResult {
        let categories = scoredCategories
        return COCOResult(
            parameters: parameters, imageIDs: selection.imageIDs, categories: categories,
            arrays: arrays, stats: stats,
            classes: categories.enumerated().map { classScores($1, at: $0) },
            statsWithoutZeroQuirk: plain, outcomes: outcomes)
    }

    private var scoredCategories: [COCOCategory] {
        guard case .apart = selection.use else { return [] }
        var names: [COCOIdentifier: String] = [:]
        for category in truth.categories { names[category.id] = category.name }
        return selection.categoryIDs.map { COCOCategory(id: $0, name: names[$0] ?? "\($0)") }
    }

    private func classScores(_ category: COCOCategory, at index: Int) -> ClassScores {
        func value(_ measure: SummaryLine.Measure, _ threshold: Double? = nil) -> Double {
            SummaryLine(
                measure: measure, threshold: threshold, area: "all",
                limit: parameters.maxDetections[2]
            ).value(arrays, parameters, category: index)
        }
        return ClassScores(
            category: category, averagePrecision: value(.precision),
            averagePrecision50: value(.precision, 0.5), averagePrecision75: value(.precision, 0.75),
            averageRecall: value(.recall), objects: objectCounts[index],
            detections: detectionCounts[index])
    }
}
