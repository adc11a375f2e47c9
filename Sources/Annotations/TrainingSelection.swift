import JSONText

/// What training takes from a dataset, and what it leaves out and why.
///
/// An image stays when its annotations go. Crowds, boxes outside their image or without area, and
/// outlines that enclose nothing are left out; a dataset with nothing left is refused.
public struct TrainingSelection: Sendable {
    /// What a model learns from.
    public enum Targets: Sendable {
        /// Boxes.
        case boxes
        /// Outlines.
        case masks
    }

    /// Why an annotation is left out.
    public enum Reason: String, Sendable, CaseIterable {
        /// It stands for a crowd.
        case crowd = "is a crowd"
        /// Its box has no pixel in common with its image.
        case outsideImage = "has its box outside its image"
        /// The width or height of its box is not positive.
        case noArea = "has a box without area"
        /// Its segmentation is an empty list.
        case emptySegmentation = "has an empty segmentation"
        /// None of its polygons has three points.
        case tooFewPoints = "has a polygon of fewer than three points"
        /// It has no segmentation where masks are learnt.
        case noSegmentation = "has no segmentation"
    }

    /// An annotation that is left out.
    public struct Dropped: Sendable {
        /// Its index in the file's list.
        public let index: Int
        /// The annotation.
        public let annotation: COCOAnnotation
        /// Why it is left out.
        public let reason: Reason
    }

    /// The annotations that are learnt from, in the order of the file.
    public let kept: [COCOAnnotation]
    /// The annotations that are left out, in the order of the file.
    public let dropped: [Dropped]

    /// Sorts the annotations of a dataset.
    ///
    /// Where every annotation has an empty segmentation, that is how the exporter says that there
    /// are only boxes, and boxes are learnt from all of them.
    ///
    /// - Parameters:
    ///   - dataset: the dataset.
    ///   - targets: what is learnt.
    public init(_ dataset: COCODataset, targets: Targets) {
        let annotations = dataset.annotations ?? []
        let images = Dictionary(dataset.images.map { ($0.id, $0) }) { first, _ in first }
        let hasBoxesAlone =
            targets == .boxes && annotations.allSatisfy { $0.outline == .empty }
        var kept: [COCOAnnotation] = []
        var dropped: [Dropped] = []
        for (index, annotation) in annotations.enumerated() {
            let reason =
                Self.boxReason(annotation, images[annotation.imageID])
                ?? (hasBoxesAlone ? nil : Self.outlineReason(annotation.outline, targets))
            if let reason {
                dropped.append(Dropped(index: index, annotation: annotation, reason: reason))
            } else {
                kept.append(annotation)
            }
        }
        self.kept = kept
        self.dropped = dropped
    }

    private static func boxReason(_ annotation: COCOAnnotation, _ image: COCOImage?) -> Reason? {
        if annotation.isCrowd { return .crowd }
        let box = annotation.box
        guard box.width > 0, box.height > 0 else { return .noArea }
        guard let image, image.width > 0, image.height > 0 else { return nil }
        let isInside =
            box.x < Double(image.width) && box.y < Double(image.height)
            && box.x + box.width > 0 && box.y + box.height > 0
        return isInside ? nil : .outsideImage
    }

    private static func outlineReason(_ outline: COCOOutline, _ targets: Targets) -> Reason? {
        switch outline {
        case .usable: nil
        case .empty: .emptySegmentation
        case .tooFewPoints: .tooFewPoints
        case .absent: targets == .masks ? .noSegmentation : nil
        }
    }

    /// How many annotations are left out for each reason that occurs.
    public var counts: [(reason: Reason, count: Int)] {
        Reason.allCases.compactMap { reason in
            let count = dropped.count { $0.reason == reason }
            return count > 0 ? (reason, count) : nil
        }
    }

    /// One line for the log before the first step, empty when nothing is left out.
    public var summary: String {
        guard !dropped.isEmpty else { return "" }
        let reasons = counts.map { "\($0.count) \(Self.plural[$0.reason] ?? "")" }
        let total = kept.count + dropped.count
        return "\(dropped.count) of \(total) annotations left out: "
            + reasons.joined(separator: ", ")
    }

    private static let plural: [Reason: String] = [
        .crowd: "crowds", .outsideImage: "outside their image", .noArea: "without area",
        .emptySegmentation: "with an empty segmentation",
        .tooFewPoints: "with polygons of fewer than three points",
        .noSegmentation: "without a segmentation",
    ]

    /// Adds a warning for each annotation that is left out.
    ///
    /// - Parameters:
    ///   - warnings: the collector.
    ///   - places: where the annotations stand.
    public func warn(_ warnings: Warnings, _ places: AnnotationPlaces) {
        var places = places
        for entry in dropped {
            let kind = "dropped-\(entry.reason)"
            warnings.add(kind: kind) {
                Warning(
                    kind: kind,
                    what: "annotation \(entry.annotation.id) \(entry.reason.rawValue) "
                        + "and is left out of training",
                    place: places.place(of: entry.annotation, index: entry.index),
                    fix: "correct it, or remove it")
            }
        }
    }

    /// Refuses a selection with nothing left to learn from.
    ///
    /// - Parameter path: path of the annotation file, for the message.
    /// - Throws: `AnnotationError` with the reasons.
    public func refuseNothing(path: String) throws(AnnotationError) {
        guard kept.isEmpty else { return }
        if dropped.isEmpty {
            throw AnnotationError(
                what: "there are no annotations to train on", place: path,
                fix: "name an annotation file with objects")
        }
        let reasons = counts.map { "\($0.count) \(Self.plural[$0.reason] ?? "")" }
        let isCrowdAlone = counts.count == 1 && counts[0].reason == .crowd
        throw AnnotationError(
            what: "nothing is left to train on: " + reasons.joined(separator: ", "), place: path,
            fix: isCrowdAlone
                ? "write \"iscrowd\": 0 for single objects" : "correct the annotations")
    }
}

extension COCODataset {
    /// Refuses a dataset that training cannot use: no `annotations`, or an unlisted category.
    ///
    /// - Parameters:
    ///   - path: path of the annotation file, for the message.
    ///   - places: where the annotations stand.
    /// - Throws: `AnnotationError` naming the category and the first annotation that has it.
    public func refuseForTraining(
        path: String, _ places: AnnotationPlaces
    ) throws(AnnotationError) {
        guard let annotations else {
            throw AnnotationError(
                what: "the file has no \"annotations\"", place: path,
                fix: "name an annotation file with objects to train on")
        }
        let listed = Set(categories.map(\.id))
        guard let index = annotations.firstIndex(where: { !listed.contains($0.categoryID) }) else {
            return
        }
        var places = places
        let unlisted = annotations[index].categoryID
        throw AnnotationError(
            what: "the category_id \(unlisted) is not listed under \"categories\"",
            place: places.place(of: annotations[index], index: index),
            fix: "list the category, or remove its annotations")
    }
}
