import Annotations
import JSONText

/// Truth and detections as the evaluation takes them: selected, checked, with areas and masks.
struct EvaluationInput {
    fileprivate(set) var truth: [TruthObject] = []
    private(set) var detections: [ScoredDetection] = []
    /// Masks of the truth and the detections, as far as they are needed.
    private(set) var masks = MaskTable()
    let selection: EvaluationSelection

    private let dataset: COCODataset
    private let parameters: COCOParameters
    private let names: EvaluationNames
    private let warnings: Warnings
    private var images: [COCOIdentifier: Int] = [:]

    init(
        _ dataset: COCODataset, _ results: [COCODetection], _ parameters: COCOParameters,
        names: EvaluationNames, warnings: Warnings
    ) throws(EvaluationError) {
        self.dataset = dataset
        self.parameters = parameters
        self.names = names
        self.warnings = warnings
        selection = EvaluationSelection(dataset, parameters)
        for (index, image) in dataset.images.enumerated() { images[image.id] = index }
        try takeTruth(dataset.annotations ?? [])
        try take(results)
    }

    // MARK: - Truth

    private mutating func takeTruth(_ annotations: [COCOAnnotation]) throws(EvaluationError) {
        try checkOutlines(annotations)
        let listed = Set(dataset.categories.map(\.id))
        for (index, annotation) in annotations.enumerated() {
            if !listed.contains(annotation.categoryID) { warnUnlisted(annotation, index) }
            guard let image = selection.position(ofImage: annotation.imageID) else { continue }
            let positions = selection.positions(ofCategory: annotation.categoryID)
            guard !positions.isEmpty else { continue }
            let mask = masks.entries.count
            if parameters.overlapKind == .segm { try takeMask(of: annotation, index) }
            let hidesMatches =
                parameters.zeroIDs == .asReference && annotation.id == .number(0)
            for category in positions {
                truth.append(
                    TruthObject(
                        image: image, category: category, box: annotation.box,
                        area: area(of: annotation, mask), isCrowd: annotation.isCrowd,
                        hidesMatches: hidesMatches, source: index, mask: mask))
            }
        }
    }

    /// The area of the file; where it has none, that of the mask or box.
    private func area(of annotation: COCOAnnotation, _ mask: Int) -> Double {
        guard annotation.areaIsComputed, parameters.overlapKind == .segm else {
            return annotation.area
        }
        return Double(masks.entries[mask].area)
    }

    /// Masks cannot be scored where no object has one.
    private func checkOutlines(_ annotations: [COCOAnnotation]) throws(EvaluationError) {
        guard parameters.overlapKind == .segm, !annotations.isEmpty,
            annotations.allSatisfy({ $0.segmentation == nil })
        else { return }
        throw EvaluationError(
            what: "no annotation has a \"segmentation\", so masks cannot be scored",
            place: "\(names.truth), annotations", fix: "score boxes with --iou-type bbox")
    }

    private mutating func takeMask(
        of annotation: COCOAnnotation, _ index: Int
    ) throws(EvaluationError) {
        let place = "\(names.truth), annotations[\(index)] (id \(annotation.id))"
        if annotation.segmentation?.isWithoutOutline ?? true {
            warnings.add(kind: "segmentation-empty") {
                Warning(
                    kind: "segmentation-empty",
                    what: "annotation \(annotation.id) has an empty segmentation",
                    place: place, fix: "it is scored as a mask without pixels")
            }
        }
        let size = try imageSize(
            annotation.imageID, for: annotation.segmentation, place)
        do {
            try masks.append(annotation.segmentation, height: size.height, width: size.width)
        } catch {
            throw EvaluationError(
                what: error.what, place: place + ".segmentation", fix: error.fix)
        }
    }

    private func warnUnlisted(_ annotation: COCOAnnotation, _ index: Int) {
        warnings.add(kind: "category-unlisted") {
            Warning(
                kind: "category-unlisted",
                what: "category \(annotation.categoryID) is not listed under categories",
                place: "\(names.truth), annotations[\(index)] (id \(annotation.id))",
                fix: "its objects are not scored; list the category to have them scored")
        }
    }

    // MARK: - Detections

    private mutating func take(_ results: [COCODetection]) throws(EvaluationError) {
        for (index, result) in results.enumerated() where images[result.imageID] == nil {
            throw EvaluationError(
                what: "the image id \(result.imageID) is not among the images of the truth",
                place: "\(names.detections), [\(index)].image_id",
                fix: "score the results against the file whose images they were made from")
        }
        guard let first = results.first else { return }
        let kind = try ResultKind(of: first, names)
        let listed = Set(dataset.categories.map(\.id))
        for (index, result) in results.enumerated() {
            if !listed.contains(result.categoryID) { warnUnlisted(result, index) }
            guard let image = selection.position(ofImage: result.imageID) else { continue }
            let positions = selection.positions(ofCategory: result.categoryID)
            guard !positions.isEmpty else { continue }
            let mask = masks.entries.count
            let (box, area) = try boxAndArea(of: result, index, kind)
            for category in positions {
                detections.append(
                    ScoredDetection(
                        image: image, category: category, score: result.score, box: box,
                        area: area, source: index, mask: mask))
            }
        }
    }

    private func warnUnlisted(_ result: COCODetection, _ index: Int) {
        warnings.add(kind: "result-category-unlisted") {
            Warning(
                kind: "result-category-unlisted",
                what: "category \(result.categoryID) is not among the truth's categories",
                place: "\(names.detections), [\(index)].category_id",
                fix: "its results are not scored")
        }
    }

    /// What a result file holds; the reference lets its first entry decide for all.
    private enum ResultKind {
        case boxes
        case masks

        init(of first: COCODetection, _ names: EvaluationNames) throws(EvaluationError) {
            if first.box != nil {
                self = .boxes
            } else if first.segmentation != nil {
                self = .masks
            } else {
                throw EvaluationError(
                    what: "the result has neither a \"bbox\" nor a \"segmentation\"",
                    place: "\(names.detections), [0]",
                    fix: "give every result a box [x, y, width, height] or a mask")
            }
        }
    }

    private mutating func boxAndArea(
        of result: COCODetection, _ index: Int, _ kind: ResultKind
    ) throws(EvaluationError) -> (BoxXYWH, Double) {
        switch kind {
        case .boxes:
            guard let box = result.box else { throw missing("bbox", index) }
            if parameters.overlapKind == .segm {
                try takeMask(result.segmentation ?? box.outline, of: result, index)
            }
            return (box, box.area)
        case .masks:
            guard let segmentation = result.segmentation else {
                throw missing("segmentation", index)
            }
            let entry = try takeMask(segmentation, of: result, index)
            return (result.box ?? entry.box, Double(entry.area))
        }
    }

    private func missing(_ key: String, _ index: Int) -> EvaluationError {
        EvaluationError(
            what: "the result has no \"\(key)\", but the first one has",
            place: "\(names.detections), [\(index)]",
            fix: "give every result the same keys")
    }

    @discardableResult
    private mutating func takeMask(
        _ segmentation: COCOSegmentation, of result: COCODetection, _ index: Int
    ) throws(EvaluationError) -> MaskTable.Entry {
        let place = "\(names.detections), [\(index)].segmentation (image id \(result.imageID))"
        if segmentation.isWithoutOutline {
            warnings.add(kind: "result-segmentation-empty") {
                Warning(
                    kind: "result-segmentation-empty", what: "a result has an empty segmentation",
                    place: place, fix: "it is scored as a mask without pixels")
            }
        }
        let size = try imageSize(result.imageID, for: segmentation, place)
        do {
            try masks.append(segmentation, height: size.height, width: size.width)
        } catch {
            throw EvaluationError(
                what: error.what, place: place, fix: error.fix)
        }
        let entry = masks.entries[masks.entries.count - 1]
        warnOtherSize(entry, size, place)
        return entry
    }

    private func warnOtherSize(
        _ entry: MaskTable.Entry, _ image: (height: Int, width: Int), _ place: String
    ) {
        guard image.height > 0, image.width > 0 else { return }
        guard entry.height != image.height || entry.width != image.width else { return }
        warnings.add(kind: "mask-size") {
            Warning(
                kind: "mask-size",
                what: "the mask has the size [\(entry.height), \(entry.width)], its image "
                    + "[\(image.height), \(image.width)]",
                place: place, fix: "it matches nothing; write [height, width] of the image")
        }
    }

    // MARK: - Images

    /// The size of an image; polygons cannot be filled without it.
    private func imageSize(
        _ id: COCOIdentifier, for segmentation: COCOSegmentation?, _ place: String
    ) throws(EvaluationError) -> (height: Int, width: Int) {
        let image = images[id].map { dataset.images[$0] }
        let size = (height: image?.height ?? 0, width: image?.width ?? 0)
        guard case .polygons(let polygons)? = segmentation, !polygons.isEmpty else { return size }
        guard size.height > 0, size.width > 0 else {
            throw EvaluationError(
                what: "image \(id) has no height and width, which its polygons need",
                place: place, fix: "write the image's height and width under images")
        }
        return size
    }
}

extension BoxXYWH {
    /// The four corners, as the reference makes a mask of a box.
    var outline: COCOSegmentation {
        .polygons([[x, y, x, y + height, x + width, y + height, x + width, y]])
    }
}

extension EvaluationInput {
    /// The same input with a match to annotation 0 read as a match.
    func withVisibleZeroIDs() -> EvaluationInput {
        var copy = self
        for index in copy.truth.indices { copy.truth[index].hidesMatches = false }
        return copy
    }
}
