import Annotations

/// What became of a detection at one threshold and area range.
public enum DetectionOutcome: UInt8, Sendable {
    /// It counts as a mistake.
    case falsePositive
    /// It counts as right.
    case truePositive
    /// It is left out: matched to an object that is left out, or unmatched and of another size.
    case ignored
}

/// Matches the detections of one image and category to its objects, as the reference does.
///
/// One matcher serves many cells, so that its arrays are allocated once.
struct CellMatcher {
    /// An object that a detection overlaps enough for the lowest threshold.
    private struct Candidate {
        let truth: Int
        let overlap: Double
    }

    private let input: EvaluationInput
    private let parameters: COCOParameters
    /// Overlaps that are needed, a hair below 1 at most, as in the reference.
    private let needed: [Double]
    private let lowestNeeded: Double

    private var candidates: [Candidate] = []
    /// Where each detection's candidates begin.
    private var starts: [Int] = []
    /// The largest overlap of each detection.
    private var largest: [Double] = []
    private var isTaken: [Bool] = []
    private var isIgnored: [Bool] = []

    init(_ input: EvaluationInput, _ parameters: COCOParameters) {
        self.input = input
        self.parameters = parameters
        needed = parameters.iouThresholds.map { min($0, 1 - 1e-10) }
        lowestNeeded = needed.min() ?? 0
    }

    /// Matches the detections of a cell at every area range and threshold.
    ///
    /// - Parameters:
    ///   - truth: The objects, in the order of the file.
    ///   - detections: The detections that are kept, by falling score.
    ///   - tally: Gets outcomes and counts.
    mutating func match(
        _ truth: ArraySlice<TruthObject>, _ detections: [ScoredDetection],
        into tally: inout CategoryTally
    ) {
        guard !truth.isEmpty else { return leaveUnmatched(detections, in: &tally) }
        findCandidates(truth, detections)
        for (areaIndex, area) in parameters.areaRanges.enumerated() {
            isIgnored.removeAll(keepingCapacity: true)
            for object in truth {
                isIgnored.append(object.isCrowd || area.excludes(object.area))
            }
            tally.addObjects(isIgnored.count { !$0 }, area: areaIndex)
            for threshold in needed.indices {
                let plane = tally.plane(area: areaIndex, threshold: threshold)
                matchPlane(truth, detections, area, needed[threshold]) { position, outcome in
                    tally.set(outcome, plane: plane, position: position)
                }
                if tally.keepsMissed(plane) {
                    let missed = isIgnored.indices.count { !isIgnored[$0] && !isTaken[$0] }
                    tally.addMissed(missed)
                }
            }
        }
    }

    /// Without objects all that matters is a detection's own area.
    private func leaveUnmatched(
        _ detections: [ScoredDetection], in tally: inout CategoryTally
    ) {
        for (areaIndex, area) in parameters.areaRanges.enumerated() {
            for (position, detection) in detections.enumerated()
            where area.excludes(detection.area) {
                for threshold in needed.indices {
                    let plane = tally.plane(area: areaIndex, threshold: threshold)
                    tally.set(.ignored, plane: plane, position: position)
                }
            }
        }
        tally.addMissed(0)
    }

    private mutating func findCandidates(
        _ truth: ArraySlice<TruthObject>, _ detections: [ScoredDetection]
    ) {
        candidates.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        largest.removeAll(keepingCapacity: true)
        for detection in detections {
            starts.append(candidates.count)
            var most = -Double.infinity
            for (index, object) in truth.enumerated() {
                let overlap = self.overlap(detection, object)
                // Written so that a NaN passes, as it does in the reference.
                if overlap < lowestNeeded { continue }
                candidates.append(Candidate(truth: index, overlap: overlap))
                if !(overlap <= most) { most = overlap.isNaN ? .infinity : overlap }
            }
            largest.append(most)
        }
        starts.append(candidates.count)
    }

    private func overlap(_ detection: ScoredDetection, _ object: TruthObject) -> Double {
        switch parameters.overlapKind {
        case .bbox: detection.box.overlap(with: object.box, isCrowd: object.isCrowd)
        case .segm:
            input.masks.overlap(detection.mask, object.mask, isCrowd: object.isCrowd)
        }
    }

    /// Matches at one area range and threshold; each detection in turn takes its best free object.
    private mutating func matchPlane(
        _ truth: ArraySlice<TruthObject>, _ detections: [ScoredDetection], _ area: AreaRange,
        _ needed: Double, _ set: (Int, DetectionOutcome) -> Void
    ) {
        isTaken.removeAll(keepingCapacity: true)
        isTaken.append(contentsOf: repeatElement(false, count: truth.count))
        for (position, detection) in detections.enumerated() {
            var match: Int?
            if largest[position] >= needed {
                match =
                    best(position, needed, truth, ignored: false)
                    ?? best(position, needed, truth, ignored: true)
            }
            guard let match else {
                set(position, area.excludes(detection.area) ? .ignored : .falsePositive)
                continue
            }
            isTaken[match] = true
            if isIgnored[match] {
                set(position, .ignored)
            } else if truth[truth.startIndex + match].hidesMatches {
                set(position, area.excludes(detection.area) ? .ignored : .falsePositive)
            } else {
                set(position, .truePositive)
            }
        }
    }

    /// The free object of largest overlap, the later of equals; only among the ignored or others.
    private func best(
        _ position: Int, _ needed: Double, _ truth: ArraySlice<TruthObject>, ignored: Bool
    ) -> Int? {
        var best = needed
        var match: Int?
        for candidate in candidates[starts[position]..<starts[position + 1]]
        where isIgnored[candidate.truth] == ignored {
            if isTaken[candidate.truth], !truth[truth.startIndex + candidate.truth].isCrowd {
                continue
            }
            if candidate.overlap < best { continue }
            best = candidate.overlap
            match = candidate.truth
        }
        return match
    }
}
