/// What was found in one image, best first.
public struct Detections: Sendable, Equatable {
    /// Boxes in pixels of the network's input.
    public var boxes: [Box]
    /// Scores from 0 to 1, in falling order.
    public var scores: [Float]
    /// Class indices from 0.
    public var labels: [Int]

    /// Makes a list of detections.
    ///
    /// - Parameters:
    ///   - boxes: Boxes in pixels of the network's input.
    ///   - scores: One for each box.
    ///   - labels: One for each box.
    public init(boxes: [Box] = [], scores: [Float] = [], labels: [Int] = []) {
        self.boxes = boxes
        self.scores = scores
        self.labels = labels
    }

    /// Number of detections.
    public var count: Int { boxes.count }
}

/// The objects of one training image.
public struct DetectionTargets: Sendable, Equatable {
    /// Boxes of the objects in pixels of the network's input.
    public var boxes: [Box]
    /// Class index of each box, from 0.
    public var labels: [Int]
    /// Boxes of crowds: never an object to be found.
    public var ignoredBoxes: [Box]
    /// The part of the batch's canvas that belongs to the image, its own padding included.
    ///
    /// Anchors of cells beyond it take no part in training.
    public var paddedExtent: ImageExtent

    /// Makes the targets of an image.
    ///
    /// - Parameters:
    ///   - boxes: Boxes of the objects.
    ///   - labels: Class index of each box.
    ///   - ignoredBoxes: Boxes of crowds.
    ///   - paddedExtent: The part of the canvas that belongs to the image.
    public init(
        boxes: [Box], labels: [Int], ignoredBoxes: [Box] = [], paddedExtent: ImageExtent
    ) {
        precondition(boxes.count == labels.count, "one label a box is needed")
        self.boxes = boxes
        self.labels = labels
        self.ignoredBoxes = ignoredBoxes
        self.paddedExtent = paddedExtent
    }
}
