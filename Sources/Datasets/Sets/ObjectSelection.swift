import Annotations
import Imaging

/// The annotations of a file that training may use, by image, and what was dropped.
///
/// Dropped are boxes outside their image or without area; the image stays. Crowds are kept as
/// regions to ignore.
struct ObjectSelection {
    private(set) var objects: [COCOIdentifier: [DetectionObject]] = [:]
    private(set) var warnings: [DatasetWarning] = []

    /// Selects the annotations of a file.
    ///
    /// - Parameters:
    ///   - dataset: The annotation file's content.
    ///   - source: For messages.
    ///   - classes: The classes that labels refer to.
    ///   - use: Training refuses what evaluation passes over.
    /// - Throws: `DatasetError` when training finds no annotations or an unlisted category.
    init(
        _ dataset: COCODataset, source: DetectionSet.Source, classes: ClassTable,
        use: DetectionSet.Use
    ) throws(DatasetError) {
        if use == .training, dataset.annotations == nil {
            throw DatasetError(
                what: "the file has no annotations", place: source.annotationFile,
                fix: "add the key \"annotations\" with the objects to learn")
        }
        let sizes = Dictionary(
            dataset.images.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for annotation in dataset.annotations ?? [] {
            guard let label = classes.label(of: annotation.categoryID) else {
                if use == .training { throw Self.unlisted(annotation, source) }
                continue
            }
            guard let image = sizes[annotation.imageID] else { continue }
            if let reason = Self.flaw(of: annotation.box, in: image) {
                warnings.append(Self.dropped(annotation, reason, source))
                continue
            }
            objects[annotation.imageID, default: []].append(
                DetectionObject(
                    box: BoxXYXY(annotation.box), label: label, isCrowd: annotation.isCrowd,
                    annotationID: annotation.id, polygons: annotation.outlines))
        }
    }

    private static func flaw(of box: BoxXYWH, in image: COCOImage) -> String? {
        guard box.width > 0, box.height > 0 else { return "its box has no area" }
        let isUnstated = image.width == 0 && image.height == 0
        let isInside =
            box.x < Double(image.width) && box.y < Double(image.height)
            && box.x + box.width > 0 && box.y + box.height > 0
        return isInside || isUnstated ? nil : "its box lies outside the image"
    }

    private static func dropped(
        _ annotation: COCOAnnotation, _ reason: String, _ source: DetectionSet.Source
    ) -> DatasetWarning {
        DatasetWarning(
            kind: "annotation-dropped",
            what: "annotation \(annotation.id.text) is dropped: \(reason)",
            place: "\(source.annotationFile), image \(annotation.imageID.text)",
            fix: "correct or remove it; its image is used without it")
    }

    private static func unlisted(
        _ annotation: COCOAnnotation, _ source: DetectionSet.Source
    ) -> DatasetError {
        DatasetError(
            what: "category \(annotation.categoryID.text) of annotation \(annotation.id.text) "
                + "is not listed",
            place: "\(source.annotationFile), annotation \(annotation.id.text)",
            fix: "list the category under \"categories\", or remove the annotation")
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
