import Annotations

/// An object of the truth that takes part in an evaluation, with dense indices.
struct TruthObject {
    /// Position among the images scored.
    var image: Int
    /// Position among the categories scored.
    var category: Int
    var box: BoxXYWH
    var area: Double
    var isCrowd: Bool
    /// Whether a match with it is read as none.
    var hidesMatches: Bool
    /// Index in the dataset's `annotations`.
    var source: Int
    /// Entry of its mask, where masks are scored.
    var mask: Int
}

/// A detection that takes part in an evaluation, with dense indices.
struct ScoredDetection {
    /// Position among the images scored.
    var image: Int
    /// Position among the categories scored.
    var category: Int
    var score: Double
    var box: BoxXYWH
    var area: Double
    /// Index in the list of detections.
    var source: Int
    /// Entry of its mask, where masks are scored.
    var mask: Int
}

/// The objects and detections of one category in one image.
struct EvaluationCell {
    var image: Int
    var category: Int
    /// Positions in the sorted truth.
    var truth: Range<Int>
    /// Positions in the sorted detections.
    var detections: Range<Int>
}

/// Truth and detections sorted by category, then image, in the order of their files inside.
///
/// With categories together there is one category, and inside an image the order is category by
/// category, as in the reference: it decides between equal scores and equal overlaps.
struct EvaluationCells {
    private(set) var cells: [EvaluationCell] = []
    private(set) var truth: [TruthObject]
    private(set) var detections: [ScoredDetection]

    init(
        truth: [TruthObject], detections: [ScoredDetection], selection: EvaluationSelection
    ) {
        let images = selection.imageIDs.count
        let categories = selection.categoryIDs.count
        switch selection.use {
        case .apart:
            self.truth = truth.stablySorted(below: images) { $0.image }
                .stablySorted(below: categories) { $0.category }
            self.detections = detections.stablySorted(below: images) { $0.image }
                .stablySorted(below: categories) { $0.category }
        case .together:
            self.truth = truth.stablySorted(below: categories) { $0.category }
                .stablySorted(below: images) { $0.image }
            self.detections = detections.stablySorted(below: categories) { $0.category }
                .stablySorted(below: images) { $0.image }
            for index in self.truth.indices { self.truth[index].category = 0 }
            for index in self.detections.indices { self.detections[index].category = 0 }
        }
        formCells()
    }

    private mutating func formCells() {
        var truthEnd = 0
        var detectionEnd = 0
        while let place = nextPlace(truthEnd, detectionEnd) {
            let truthStart = truthEnd
            let detectionStart = detectionEnd
            while truthEnd < truth.count, truth[truthEnd].place == place { truthEnd += 1 }
            while detectionEnd < detections.count, detections[detectionEnd].place == place {
                detectionEnd += 1
            }
            cells.append(
                EvaluationCell(
                    image: place.image, category: place.category, truth: truthStart..<truthEnd,
                    detections: detectionStart..<detectionEnd))
        }
    }

    /// Category and image of the next cell, `nil` at the end of both lists.
    private func nextPlace(_ truthStart: Int, _ detectionStart: Int) -> CellPlace? {
        let inTruth = truthStart < truth.count ? truth[truthStart].place : nil
        let inDetections =
            detectionStart < detections.count ? detections[detectionStart].place : nil
        guard let inTruth, let inDetections else { return inTruth ?? inDetections }
        return min(inTruth, inDetections)
    }
}

/// Where a cell stands in the order of the evaluation.
private struct CellPlace: Comparable {
    let category: Int
    let image: Int

    static func < (left: CellPlace, right: CellPlace) -> Bool {
        (left.category, left.image) < (right.category, right.image)
    }
}

extension TruthObject {
    fileprivate var place: CellPlace { CellPlace(category: category, image: image) }
}

extension ScoredDetection {
    fileprivate var place: CellPlace { CellPlace(category: category, image: image) }
}

extension Array {
    /// Sorts by a number below `count`, keeping the order of equals; linear in time.
    fileprivate func stablySorted(below count: Int, _ key: (Element) -> Int) -> [Element] {
        var starts = [Int](repeating: 0, count: count + 1)
        for element in self { starts[key(element) + 1] += 1 }
        for index in 0..<count { starts[index + 1] += starts[index] }
        return [Element](unsafeUninitializedCapacity: self.count) { buffer, initialized in
            for element in self {
                let position = starts[key(element)]
                starts[key(element)] += 1
                buffer.initializeElement(at: position, to: element)
            }
            initialized = self.count
        }
    }
}
