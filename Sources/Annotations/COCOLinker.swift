import JSONText

/// Checks what the entries of an annotation file mean for each other.
struct COCOLinker {
    let source: JSONSource
    private(set) var images: [Placed<COCOImage>]
    private(set) var categories: [Placed<COCOCategory>]
    private(set) var annotations: [COCOAnnotation]?

    init(
        source: JSONSource, images: [Placed<COCOImage>], categories: [Placed<COCOCategory>],
        annotations: [COCOAnnotation]?
    ) {
        self.source = source
        self.images = images
        self.categories = categories
        self.annotations = annotations
    }

    // MARK: - One spelling of ids

    /// Makes numbers of decimal texts where the file has numbers too, with a warning a kind.
    mutating func unifyIdentifiers(_ oddities: COCOOddities, _ warnings: Warnings) {
        if oddities.imageIDs.isMixed {
            var tally = COCOOddities.Tally()
            images = Self.unified(images, \.id, &tally)
            unify(\.imageID, &tally)
            warn("image_id", tally, warnings)
        }
        if oddities.categoryIDs.isMixed {
            var tally = COCOOddities.Tally()
            categories = Self.unified(categories, \.id, &tally)
            unify(\.categoryID, &tally)
            warn("category_id", tally, warnings)
        }
        if oddities.annotationIDs.isMixed {
            var tally = COCOOddities.Tally()
            unify(\.id, &tally)
            warn("annotation id", tally, warnings)
        }
    }

    private static func unified<Entry>(
        _ entries: [Placed<Entry>], _ id: WritableKeyPath<Entry, COCOIdentifier>,
        _ tally: inout COCOOddities.Tally
    ) -> [Placed<Entry>] {
        entries.map { placed in
            var entry = placed.entry
            makeNumber(&entry[keyPath: id], placed.offset, &tally)
            return Placed(entry: entry, offset: placed.offset)
        }
    }

    private mutating func unify(
        _ field: WritableKeyPath<COCOAnnotation, COCOIdentifier>, _ tally: inout COCOOddities.Tally
    ) {
        guard var changed = annotations else { return }
        annotations = nil  // so that the list is changed in place
        for index in changed.indices {
            let offset = changed[index].offset
            Self.makeNumber(&changed[index][keyPath: field], offset, &tally)
        }
        annotations = changed
    }

    private static func makeNumber(
        _ id: inout COCOIdentifier, _ offset: Int, _ tally: inout COCOOddities.Tally
    ) {
        guard !id.isNumber, let number = id.otherForm else { return }
        id = number
        tally.add(offset)
    }

    // MARK: - Refusals

    func refuseEqualIdentifiers() throws(AnnotationError) {
        try refuseEqual(
            "images", "image", images.map { Placed(entry: $0.entry.id, offset: $0.offset) })
        try refuseEqual(
            "categories", "category",
            categories.map { Placed(entry: $0.entry.id, offset: $0.offset) })
        guard let annotations, !Self.areAscending(annotations) else { return }
        try refuseEqual(
            "annotations", "annotation",
            annotations.map { Placed(entry: $0.id, offset: $0.offset) })
    }

    /// Whether ids are numbers that only grow, which most files have and which needs no set.
    private static func areAscending(_ annotations: [COCOAnnotation]) -> Bool {
        var last: Int64?
        for annotation in annotations {
            guard case .number(let id) = annotation.id, last.map({ $0 < id }) ?? true else {
                return false
            }
            last = id
        }
        return true
    }

    private func refuseEqual(
        _ list: String, _ noun: String, _ ids: [Placed<COCOIdentifier>]
    ) throws(AnnotationError) {
        var firsts: [COCOIdentifier: Int] = [:]
        firsts.reserveCapacity(ids.count)
        for (index, id) in ids.enumerated() {
            guard let first = firsts.updateValue(index, forKey: id.entry) else { continue }
            throw AnnotationError(
                what: "two entries of \"\(list)\" have the \(noun) id \(id.entry)",
                place: "\(source.place(at: id.offset)), \(list)[\(index)] (id \(id.entry))",
                fix: "give each its own id; the first is \(list)[\(first)]"
                    + " in line \(source.position(at: ids[first].offset).line)")
        }
    }

    func refuseDanglingImages() throws(AnnotationError) {
        let listed = Set(images.lazy.map(\.entry.id))
        var last: COCOIdentifier?
        for (index, annotation) in (annotations ?? []).enumerated()
        where annotation.imageID != last {
            last = annotation.imageID
            guard !listed.contains(annotation.imageID) else { continue }
            throw AnnotationError(
                what: "the image_id \(annotation.imageID) is not listed under \"images\"",
                place: "\(source.place(at: annotation.offset)), annotations[\(index)] "
                    + "(id \(annotation.id))",
                fix: "list the image, or remove the annotation")
        }
    }

    // MARK: - Warnings

    func warn(about oddities: COCOOddities, _ warnings: Warnings) {
        let total = annotations?.count ?? 0
        warn(
            oddities.areaMissing, kind: "area",
            "of \(total) annotations have no area; that of the box or mask is used",
            fix: "write \"area\": small, medium and large objects are told apart by it", warnings)
        warn(
            oddities.crowdMissing, kind: "iscrowd",
            "of \(total) annotations have no iscrowd; they count as single objects",
            fix: "write \"iscrowd\": 0 or 1", warnings)
        warn(
            oddities.boxMissing, kind: "bbox",
            "of \(total) annotations have no bbox; the box around their polygons is used",
            fix: "write \"bbox\": [x, y, width, height]", warnings)
    }

    private func warn(_ field: String, _ tally: COCOOddities.Tally, _ warnings: Warnings) {
        warn(
            tally, kind: "text-" + field,
            "entries have a text as \(field) where others have numbers; \"1\" is taken for 1",
            fix: "write numbers without quotes", warnings)
    }

    private func warn(
        _ tally: COCOOddities.Tally, kind: String, _ what: String, fix: String,
        _ warnings: Warnings
    ) {
        guard tally.count > 0 else { return }
        let first = source.place(at: tally.first)
        warnings.add(
            Warning(
                kind: kind, what: "\(tally.count) \(what)",
                place: first + ", first" + COCOParser.identifierText(source, at: tally.first),
                fix: fix))
    }
}

/// Spells the ids of detections as the ground truth does.
struct COCOSpeller {
    private let images: Set<COCOIdentifier>
    private let categories: Set<COCOIdentifier>
    private var tally = COCOOddities.Tally()

    init(_ dataset: COCODataset) {
        images = Set(dataset.images.lazy.map(\.id))
        categories = Set(dataset.categories.lazy.map(\.id))
    }

    /// Changes `"1"` to 1, or 1 to `"1"`, where the truth has the other; refuses unlisted images.
    mutating func spell(
        _ detection: inout COCODetection, at offset: Int, _ scanner: JSONScanner
    ) throws(JSONError) {
        if !images.contains(detection.imageID) {
            guard let other = detection.imageID.otherForm, images.contains(other) else {
                throw scanner.failure(
                    "the ground truth lists no image with the image_id \(detection.imageID)",
                    at: offset, fix: "score against the annotation file of the same images")
            }
            detection.imageID = other
            tally.add(offset)
        }
        if !categories.contains(detection.categoryID),
            let other = detection.categoryID.otherForm, categories.contains(other)
        {
            detection.categoryID = other
            tally.add(offset)
        }
    }

    func warn(_ source: JSONSource, _ warnings: Warnings) {
        guard tally.count > 0 else { return }
        warnings.add(
            Warning(
                kind: "text-id",
                what: "\(tally.count) ids of the results are texts where the ground truth has "
                    + "numbers, or the reverse; \"1\" is taken for 1",
                place: source.place(at: tally.first) + ", first",
                fix: "write the ids as the ground truth has them"))
    }
}
