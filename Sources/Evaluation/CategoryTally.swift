/// The outcomes of all kept detections of one category, and how many objects there were.
///
/// A plane is one pair of area range and threshold.
struct CategoryTally {
    /// Scores of the kept detections, image by image in ascending order of ids.
    private(set) var scores: [Double] = []
    /// Rank of each kept detection in its image.
    private(set) var ranks: [Int] = []
    /// Index of each kept detection in the list of detections.
    private(set) var sources: [Int] = []
    /// Objects that count, by area range.
    private(set) var objectCounts: [Int]
    /// Objects without a match, by cell, at the threshold and area of the report.
    private(set) var missed: [Int] = []

    private let thresholds: Int
    private let capacity: Int
    private let reportPlane: Int?
    private var outcomes: [DetectionOutcome]
    private var cellStart = 0

    /// Prepares for at most `capacity` detections.
    init(_ parameters: COCOParameters, capacity: Int) {
        thresholds = parameters.iouThresholds.count
        self.capacity = capacity
        objectCounts = [Int](repeating: 0, count: parameters.areaRanges.count)
        outcomes = [DetectionOutcome](
            repeating: .falsePositive,
            count: capacity * thresholds * parameters.areaRanges.count)
        switch parameters.outcomes {
        case .dropped: reportPlane = nil
        case .kept:
            reportPlane = parameters.outcomeArea * thresholds + parameters.outcomeThreshold
        }
    }

    /// Index of the plane of an area range and threshold.
    func plane(area: Int, threshold: Int) -> Int { area * thresholds + threshold }

    /// Begins the next image with its kept detections, by falling score.
    mutating func beginCell(_ detections: [ScoredDetection]) {
        cellStart = scores.count
        for (rank, detection) in detections.enumerated() {
            scores.append(detection.score)
            ranks.append(rank)
            sources.append(detection.source)
        }
    }

    /// Counts objects of an area range.
    mutating func addObjects(_ count: Int, area: Int) { objectCounts[area] += count }

    /// Sets the outcome of a detection of the present image.
    mutating func set(_ outcome: DetectionOutcome, plane: Int, position: Int) {
        outcomes[plane * capacity + cellStart + position] = outcome
    }

    /// Whether the objects without a match are wanted at this plane.
    func keepsMissed(_ plane: Int) -> Bool { plane == reportPlane }

    /// Counts objects of the present image that found no match.
    mutating func addMissed(_ count: Int) { missed.append(count) }

    /// Outcomes of all kept detections at a plane.
    func outcomes(plane: Int) -> ArraySlice<DetectionOutcome> {
        outcomes[plane * capacity..<plane * capacity + scores.count]
    }
}
