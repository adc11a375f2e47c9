/// Suppression of boxes that have a score for each class, as region heads give them.
public struct MultiClassSuppression: Sendable, Hashable {
    /// Scores that are not above it are dropped, before the factors are multiplied.
    public var scoreThreshold: Float
    /// The suppression within each class.
    public var suppression: NonMaximumSuppression

    /// Makes a suppression.
    ///
    /// - Parameters:
    ///   - scoreThreshold: Scores that are not above it are dropped.
    ///   - suppression: The suppression within each class.
    public init(scoreThreshold: Float, suppression: NonMaximumSuppression) {
        self.scoreThreshold = scoreThreshold
        self.suppression = suppression
    }

    /// Boxes of several classes with their scores.
    public struct Input: Sendable {
        /// `rows * classCount` boxes, those of a row side by side.
        public var boxes: [Box]
        /// `rows * (classCount + 1)` scores; the last of each row is that of the background.
        public var scores: [Float]
        /// Number of classes without the background.
        public var classCount: Int
        /// What all scores of a row are multiplied by; nothing when absent.
        public var factors: [Float]?

        /// Makes an input.
        ///
        /// - Parameters:
        ///   - boxes: `rows * classCount` boxes.
        ///   - scores: `rows * (classCount + 1)` scores.
        ///   - classCount: Number of classes without the background.
        ///   - factors: What all scores of a row are multiplied by.
        public init(boxes: [Box], scores: [Float], classCount: Int, factors: [Float]? = nil) {
            self.boxes = boxes
            self.scores = scores
            self.classCount = classCount
            self.factors = factors
        }
    }

    /// What stays.
    public struct Result: Sendable {
        /// The detections, best first.
        public var detections: Detections
        /// For each detection `row * classCount + class`.
        public var indices: [Int]
    }

    /// Suppresses class by class.
    ///
    /// - Parameter input: The boxes.
    /// - Returns: What stays, at most the suppression's limit over all classes.
    public func callAsFunction(_ input: Input) -> Result {
        let classes = input.classCount
        var indices: [Int] = []
        var scores: [Float] = []
        for index in input.boxes.indices {
            let row = index / classes
            let score = input.scores[index + row]
            guard score > scoreThreshold else { continue }
            indices.append(index)
            scores.append(score * (input.factors.map { $0[row] } ?? 1))
        }
        let boxes = indices.map { input.boxes[$0] }
        let labels = indices.map { $0 % classes }
        let kept = suppression(boxes, scores: scores, labels: labels)
        return Result(
            detections: Detections(
                boxes: kept.map { boxes[$0] }, scores: kept.map { scores[$0] },
                labels: kept.map { labels[$0] }),
            indices: kept.map { indices[$0] })
    }
}
