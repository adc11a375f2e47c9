import Annotations

/// The numbers of a COCO evaluation.
public struct COCOResult: Sendable {
    /// The parameters in use, limits sorted.
    public let parameters: COCOParameters
    /// The images scored, by ascending id.
    public let imageIDs: [COCOIdentifier]
    /// The categories scored, in the order of the arrays; empty when labels do not count.
    public let categories: [COCOCategory]
    /// Precision, recall and scores.
    public let arrays: COCOArrays
    /// The twelve numbers, -1 where there is nothing to measure.
    public let stats: [Double]
    /// The numbers of each category, in the order of `categories`.
    public let classes: [ClassScores]
    /// The twelve numbers with a match to annotation 0 read as a match, where that differs.
    public let statsWithoutZeroQuirk: [Double]?
    /// What became of each detection, if it was asked for.
    public let outcomes: EvaluationOutcomes?

    /// Mean average precision over the thresholds, the first of the twelve numbers.
    public var averagePrecision: Double { stats[0] }

    /// The twelve lines that pycocotools prints.
    public var lines: [String] {
        zip(SummaryLine.all(parameters), stats).map { $0.text($1, parameters) }
    }

    /// Names of the twelve numbers, in their order.
    public static let statNames = [
        "AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large",
        "AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large",
    ]
}

/// The numbers of one category, -1 where there is nothing to measure.
public struct ClassScores: Sendable {
    /// The category.
    public let category: COCOCategory
    /// Precision, mean over the thresholds.
    public let averagePrecision: Double
    /// Precision at the overlap 0.5.
    public let averagePrecision50: Double
    /// Precision at the overlap 0.75.
    public let averagePrecision75: Double
    /// Recall, mean over the thresholds.
    public let averageRecall: Double
    /// Objects that count.
    public let objects: Int
    /// Detections that were matched, the best of each image.
    public let detections: Int
}

/// What became of each detection at one threshold, over all sizes.
public struct EvaluationOutcomes: Sendable {
    /// A detection that was matched or not.
    public struct Detection: Sendable {
        /// Index in the list of detections.
        public let source: Int
        /// Its score.
        public let score: Double
        /// What became of it.
        public let outcome: DetectionOutcome
    }

    /// The counts of one image.
    public struct Image: Sendable {
        /// Its id.
        public let id: COCOIdentifier
        /// Detections that count as right.
        public internal(set) var right = 0
        /// Detections that count as mistakes.
        public internal(set) var wrong = 0
        /// Objects that found no detection.
        public internal(set) var missed = 0

        /// Mistakes of both kinds.
        public var mistakes: Int { wrong + missed }
    }

    /// The threshold.
    public let iouThreshold: Double
    /// All detections that were kept.
    public internal(set) var detections: [Detection] = []
    /// The images scored, by ascending id.
    public internal(set) var images: [Image]
}
