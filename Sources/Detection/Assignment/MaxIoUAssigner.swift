// Faster R-CNN, Ren et al., NeurIPS 2015, section 3.1.2, with the options of mmdetection 3.3.

/// Matches priors with objects by fixed thresholds of their IoU.
///
/// A prior whose best IoU reaches `posIouThr` belongs to that object (of equal ones the first); one
/// whose best IoU lies in the negative range is background; others are ignored. An object may
/// also claim the priors that overlap it most, however little.
public struct MaxIoUAssigner: Codable, Sendable, Hashable {
    /// What an object claims beyond the thresholds.
    public enum LowQuality: String, Codable, Sendable, CaseIterable {
        /// Nothing.
        case none
        /// The first of the priors that overlap it most.
        case first
        /// All priors that overlap it most.
        case all
    }

    /// IoU from which a prior is positive.
    public var posIouThr: Float
    /// Lower and upper end of the IoU of background, the upper one not included.
    public var negIouRange: [Float]
    /// IoU that an object's best prior needs to be claimed.
    public var minPosIou: Float
    /// What an object claims beyond the thresholds.
    public var lowQuality: LowQuality
    /// Priors of which a larger part lies in a crowd are ignored; not above 0: none are.
    public var ignoreIofThr: Float

    /// Makes an assigner.
    ///
    /// - Parameters:
    ///   - posIouThr: IoU from which a prior is positive.
    ///   - negIouRange: Lower and upper end of the IoU of background.
    ///   - minPosIou: IoU that an object's best prior needs to be claimed.
    ///   - lowQuality: What an object claims beyond the thresholds.
    ///   - ignoreIofThr: Part of a prior in a crowd above which it is ignored.
    public init(
        posIouThr: Float, negIouRange: [Float], minPosIou: Float, lowQuality: LowQuality = .all,
        ignoreIofThr: Float = -1
    ) {
        self.posIouThr = posIouThr
        self.negIouRange = negIouRange
        self.minPosIou = minPosIou
        self.lowQuality = lowQuality
        self.ignoreIofThr = ignoreIofThr
    }

    /// The matches and the IoUs that led to them.
    struct Result {
        /// For each prior a number as in `Match`.
        var matches: [Int32]
        /// For each prior its best IoU; -1 inside crowds, 0 without objects.
        var overlaps: [Float]
    }

    /// Matches priors with objects.
    ///
    /// - Parameters:
    ///   - priors: Anchors or proposals.
    ///   - targets: The image's objects.
    /// - Returns: The matches.
    func assign(_ priors: [Box], to targets: DetectionTargets) -> Result {
        var result = Result(
            matches: [Int32](
                repeating: targets.boxes.isEmpty ? Match.background : Match.ignored,
                count: priors.count),
            overlaps: [Float](repeating: 0, count: priors.count))
        guard !targets.boxes.isEmpty, !priors.isEmpty else { return result }
        let excluded = priors.map { isInCrowd($0, targets.ignoredBoxes) }
        var overlaps = [Float](repeating: -1, count: targets.boxes.count * priors.count)
        for (object, box) in targets.boxes.enumerated() {
            for (index, prior) in priors.enumerated() where !excluded[index] {
                overlaps[object * priors.count + index] = Overlap.iou(box, prior)
            }
        }
        for index in priors.indices {
            matchByThreshold(index, overlaps, objects: targets.boxes.count, &result)
        }
        claim(overlaps, objects: targets.boxes.count, &result.matches)
        return result
    }

    private func isInCrowd(_ prior: Box, _ crowds: [Box]) -> Bool {
        ignoreIofThr > 0 && crowds.contains { Overlap.iof(prior, $0) > ignoreIofThr }
    }

    private func matchByThreshold(
        _ prior: Int, _ overlaps: [Float], objects: Int, _ result: inout Result
    ) {
        let count = result.matches.count
        var best = 0
        for object in 1..<max(objects, 1)
        where overlaps[object * count + prior] > overlaps[best * count + prior] {
            best = object
        }
        let overlap = overlaps[best * count + prior]
        result.overlaps[prior] = overlap
        if overlap >= posIouThr {
            result.matches[prior] = Int32(best + 1)
        } else if overlap >= negIouRange[0], overlap < negIouRange[1] {
            result.matches[prior] = Match.background
        }
    }

    /// Gives every object the priors that overlap it most; later objects overwrite earlier ones.
    private func claim(_ overlaps: [Float], objects: Int, _ matches: inout [Int32]) {
        guard lowQuality != .none else { return }
        for object in 0..<objects {
            let row = overlaps[object * matches.count..<(object + 1) * matches.count]
            guard let most = row.max(), most >= minPosIou else { continue }
            for (index, overlap) in row.enumerated() where overlap == most {
                matches[index] = Int32(object + 1)
                if lowQuality == .first { break }
            }
        }
    }
}
