import Annotations
import JSONText

extension COCOResult {
    /// Why all twelve numbers are 0 or -1; `nil` if one of them is not.
    ///
    /// - Parameters:
    ///   - truth: The truth that was scored against.
    ///   - detections: The results that were scored.
    /// - Returns: One or more sentences for the user.
    public func explanation(truth: COCODataset, detections: [COCODetection]) -> String? {
        guard stats.allSatisfy({ $0 == 0 || $0 == -1 }) else { return nil }
        return Explanation(result: self, truth: truth, detections: detections).text
    }
}

extension Warning {
    /// Says why an evaluation has no number above 0.
    ///
    /// - Parameters:
    ///   - reason: As `COCOResult.explanation` gives it.
    ///   - place: The files, or when it was made.
    /// - Returns: The warning.
    public static func nothingScored(_ reason: String, place: String) -> Warning {
        Warning(
            kind: "nothing-scored", what: "all twelve numbers are 0 or -1: " + reason,
            place: place, fix: "")
    }
}

/// Finds the reason of a result without a single number above 0.
private struct Explanation {
    private static let listedIDs = 20

    private let truth: COCODataset
    private let detections: [COCODetection]
    private let objects: [COCOAnnotation]
    private let usesCategories: Bool

    init(result: COCOResult, truth: COCODataset, detections: [COCODetection]) {
        self.truth = truth
        usesCategories = result.parameters.categoryUse == .apart
        let images = Set(result.imageIDs)
        let categories = Set(result.categories.map(\.id))
        let usesCategories = usesCategories
        self.detections = detections.filter { images.contains($0.imageID) }
        objects = (truth.annotations ?? []).filter {
            images.contains($0.imageID) && (!usesCategories || categories.contains($0.categoryID))
        }
    }

    var text: String {
        guard let annotations = truth.annotations else {
            return "nothing is to be found: the truth has no \"annotations\""
        }
        if annotations.isEmpty { return "nothing is to be found: the truth has no objects" }
        if objects.isEmpty { return noSelectedObjects(annotations) }
        if objects.allSatisfy(\.isCrowd) {
            return "nothing is to be found: all \(objects.count) objects of the truth are crowds "
                + "(iscrowd 1), which never count"
        }
        if detections.isEmpty { return "there are no detections in the images scored" }
        if usesCategories, let reason = noCommonCategory { return reason }
        return "no detection overlaps an object of its image and category enough; check that boxes "
            + "are [x, y, width, height] in pixels of the original images and that image ids agree"
    }

    private func noSelectedObjects(_ annotations: [COCOAnnotation]) -> String {
        let images = Set(truth.images.map(\.id))
        guard annotations.contains(where: { images.contains($0.imageID) }) else {
            return "no annotation belongs to a listed image: image ids of the annotations "
                + "\(list(annotations.map(\.imageID))), of the images "
                + "\(list(truth.images.map(\.id)))"
        }
        return "none of the truth's \(annotations.count) objects is in the images and categories "
            + "scored; the objects have the categories \(list(annotations.map(\.categoryID)))"
    }

    private var noCommonCategory: String? {
        let wanted = objects.filter { !$0.isCrowd }.map(\.categoryID)
        let found = detections.map(\.categoryID)
        guard Set(wanted).isDisjoint(with: found) else { return nil }
        return "truth and results have no category in common: objects are of the categories "
            + "\(list(wanted)), detections of \(list(found))"
    }

    /// Different ids in order, the first twenty.
    private func list(_ ids: [COCOIdentifier]) -> String {
        let sorted = COCOIdentifier.sortedUnique(ids)
        let shown = sorted.prefix(Self.listedIDs).map(\.description).joined(separator: ", ")
        let more = sorted.count - Self.listedIDs
        return "[\(shown)\(more > 0 ? ", and \(more) more" : "")]"
    }
}
