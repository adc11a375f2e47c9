import Annotations
import Imaging
import JSONText

/// The annotations of a file as objects of their images, and what was left out.
///
/// Crowds are left out as objects and kept as regions to ignore.
struct LabelledObjects {
    private(set) var byImage: [COCOIdentifier: [DetectionObject]] = [:]
    /// One for each annotation that is left out of training.
    let warnings: [Warning]

    /// Labels the annotations that can be used.
    ///
    /// - Parameters:
    ///   - dataset: The annotation file's content.
    ///   - file: The annotation file, for messages.
    ///   - classes: The classes that labels refer to.
    ///   - use: Training refuses what evaluation passes over.
    /// - Throws: `AnnotationError` when training finds no annotations, an unlisted category or
    ///   nothing to learn from.
    init(
        _ dataset: COCODataset, file: String, classes: ClassTable, use: DetectionSet.Use
    ) throws(AnnotationError) {
        let selection = TrainingSelection(dataset, targets: .boxes)
        if use == .training {
            try dataset.refuseForTraining(path: file, AnnotationPlaces(path: file))
            try selection.refuseNothing(path: file)
        }
        warnings = use == .training ? selection.dropped.map { Self.warning($0, file) } : []
        for annotation in selection.kept { add(annotation, classes) }
        for entry in selection.dropped where entry.reason == .crowd {
            add(entry.annotation, classes)
        }
    }

    private mutating func add(_ annotation: COCOAnnotation, _ classes: ClassTable) {
        guard let label = classes.index(of: annotation.categoryID) else { return }
        byImage[annotation.imageID, default: []].append(
            DetectionObject(
                box: BoxXYXY(annotation.box), label: label, isCrowd: annotation.isCrowd,
                annotationID: annotation.id, polygons: annotation.outlines))
    }

    private static func warning(
        _ entry: TrainingSelection.Dropped, _ file: String
    ) -> Warning {
        Warning(
            kind: "dropped-\(entry.reason)",
            what: "annotation \(entry.annotation.id) \(entry.reason.rawValue) and is left out",
            place: "\(file), image \(entry.annotation.imageID)",
            fix: "its image is used without it; correct or remove it")
    }
}

extension COCOAnnotation {
    /// The polygons of the segmentation as points; empty for other forms.
    fileprivate var outlines: [[PixelPoint]] {
        guard case .polygons(let polygons) = segmentation else { return [] }
        return polygons.map { numbers in
            stride(from: 0, to: numbers.count - 1, by: 2).map {
                PixelPoint(x: numbers[$0], y: numbers[$0 + 1])
            }
        }
    }
}
