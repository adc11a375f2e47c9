import Annotations

/// What the overlap of a detection and an object is measured on.
public enum OverlapKind: String, Sendable, CaseIterable {
    /// Boxes.
    case bbox
    /// Masks.
    case segm
}

/// A range of areas, both ends included.
public struct AreaRange: Hashable, Sendable {
    /// Its name; `all`, `small`, `medium` and `large` enter the twelve numbers.
    public var label: String
    /// Smallest area in square pixels.
    public var low: Double
    /// Largest area in square pixels.
    public var high: Double

    /// Makes a range of areas.
    ///
    /// - Parameters:
    ///   - label: Its name.
    ///   - low: Smallest area in square pixels.
    ///   - high: Largest area in square pixels.
    public init(label: String, low: Double, high: Double) {
        self.label = label
        self.low = low
        self.high = high
    }

    /// Whether an area lies outside.
    @inlinable
    func excludes(_ area: Double) -> Bool { area < low || area > high }
}

/// The parameters of a COCO evaluation; the defaults are those of pycocotools 2.0.11.
public struct COCOParameters: Sendable {
    /// What overlaps are measured on.
    public var overlapKind: OverlapKind
    /// The images to score; `nil` for all of the truth.
    public var imageIDs: [COCOIdentifier]?
    /// The categories to score; `nil` for all of the truth.
    public var categoryIDs: [COCOIdentifier]?
    /// Overlaps from which a detection counts as right.
    public var iouThresholds = COCOParameters.standardIoUThresholds
    /// Recalls at which the precision is read.
    public var recallThresholds = COCOParameters.standardRecallThresholds
    /// How many detections of a category count in an image, three values at least.
    public var maxDetections = [1, 10, 100]
    /// Ranges of object areas that are scored apart.
    public var areaRanges = [
        AreaRange(label: "all", low: 0, high: 1e10),
        AreaRange(label: "small", low: 0, high: 1024),
        AreaRange(label: "medium", low: 1024, high: 9216),
        AreaRange(label: "large", low: 9216, high: 1e10),
    ]
    /// How categories are taken.
    public var categoryUse = CategoryUse.apart
    /// What the annotation id 0 means.
    public var zeroIDs = ZeroIDs.asReference
    /// Whether each detection's outcome is kept for a report.
    public var outcomes = OutcomeKeeping.dropped

    /// Whether labels count.
    public enum CategoryUse: Sendable {
        /// A detection can only match an object of its own category.
        case apart
        /// Labels are ignored; precision and recall are of objects as such.
        case together
    }

    /// How a match with the annotation of id 0 is read.
    public enum ZeroIDs: Sendable {
        /// As no match, as pycocotools does because it stores ids and takes 0 for none.
        case asReference
        /// As a match.
        case asMatches
    }

    /// Whether each detection's outcome is kept.
    public enum OutcomeKeeping: Sendable {
        /// Only the arrays and numbers are kept.
        case dropped
        /// The outcome at one threshold is kept: 0.5 if it is among them, else the first.
        case kept
    }

    /// Makes the default parameters.
    ///
    /// - Parameter overlapKind: What overlaps are measured on.
    public init(_ overlapKind: OverlapKind = .bbox) {
        self.overlapKind = overlapKind
    }

    /// 0.5 to 0.95 in steps of 0.05, in the very doubles of numpy's `linspace`.
    public static var standardIoUThresholds: [Double] {
        let step = (0.95 - 0.5) / 9
        return (0..<9).map { index -> Double in 0.5 + Double(index) * step } + [0.95]
    }

    /// 0 to 1 in steps of 0.01, in the very doubles of numpy's `linspace`.
    public static var standardRecallThresholds: [Double] {
        (0..<100).map { index -> Double in Double(index) * 0.01 } + [1]
    }

    /// Checks that the twelve numbers can be formed from these parameters.
    ///
    /// - Throws: `EvaluationError` naming the parameter.
    public func validate() throws(EvaluationError) {
        guard !iouThresholds.isEmpty, iouThresholds.allSatisfy(\.isFinite) else {
            throw .parameter("iou-thresholds", "needs at least one finite number")
        }
        guard !recallThresholds.isEmpty, recallThresholds.allSatisfy(\.isFinite) else {
            throw .parameter("recall-thresholds", "needs at least one finite number")
        }
        guard maxDetections.count >= 3, maxDetections.allSatisfy({ $0 >= 0 }) else {
            throw .parameter("max-dets", "needs at least three numbers from 0 on, as 1,10,100")
        }
        guard !areaRanges.isEmpty, areaRanges.allSatisfy({ !$0.low.isNaN && !$0.high.isNaN })
        else { throw .parameter("area-ranges", "needs at least one range, as all=0:1e10") }
    }

    /// Which threshold outcomes are kept at.
    var outcomeThreshold: Int { iouThresholds.firstIndex(of: 0.5) ?? 0 }
    /// Which area range outcomes are kept for.
    var outcomeArea: Int { areaRanges.firstIndex { $0.label == "all" } ?? 0 }
    /// Most detections of a category that are matched in an image.
    var mostDetections: Int { maxDetections.max() ?? 0 }
}
