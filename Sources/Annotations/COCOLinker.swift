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
    mutating func unifyIdentifiers(_ warnings: Warnings) {
        let imageIDs = images.lazy.map(\.entry.id)
        let categoryIDs = categories.lazy.map(\.entry.id)
        let entries = annotations ?? []
        if Self.isMixed(imageIDs, entries.lazy.map(\.imageID)) {
            var tally = COCOOddities.Tally()
            images = images.map { image in
                var entry = image.entry
                Self.makeNumber(&entry.id, image.offset, &tally)
                return Placed(entry: entry, offset: image.offset)
            }
            unify(\.imageID, &tally)
            warn("image_id", tally, warnings)
        }
        if Self.isMixed(categoryIDs, entries.lazy.map(\.categoryID)) {
            var tally = COCOOddities.Tally()
            categories = categories.map { category in
                var entry = category.entry
                Self.makeNumber(&entry.id, category.offset, &tally)
                return Placed(entry: entry, offset: category.offset)
            }
            unify(\.categoryID, &tally)
            warn("category_id", tally, warnings)
        }
        if Self.isMixed(EmptyCollection<COCOIdentifier>(), entries.lazy.map(\.id)) {
            var tally = COCOOddities.Tally()
            unify(\.id, &tally)
            warn("annotation id", tally, warnings)
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

    /// Whether ids of one kind are partly numbers and partly texts.
    private static func isMixed(
        _ listed: some Collection<COCOIdentifier>, _ used: some Collection<COCOIdentifier>
    ) -> Bool {
        let hasTexts = listed.contains { !$0.isNumber } || used.contains { !$0.isNumber }
        return hasTexts && (listed.contains(where: \.isNumber) || used.contains(where: \.isNumber))
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
        try refuseEqual("images", "image", images.lazy.map { ($0.entry.id, $0.offset) })
        try refuseEqual("categories", "category", categories.lazy.map { ($0.entry.id, $0.offset) })
        let entries = annotations ?? []
        try refuseEqual("annotations", "annotation", entries.lazy.map { ($0.id, $0.offset) })
    }

    private func refuseEqual(
        _ list: String, _ noun: String, _ entries: some Collection<(COCOIdentifier, Int)>
    ) throws(AnnotationError) {
        var seen = Set<COCOIdentifier>(minimumCapacity: entries.count)
        for (index, (id, offset)) in entries.enumerated() where !seen.insert(id).inserted {
            let first = entries.enumerated().first { $0.element.0 == id }
            let line = source.position(at: first?.element.1 ?? 0).line
            throw AnnotationError(
                what: "two entries of \"\(list)\" have the \(noun) id \(id)",
                place: "\(source.place(at: offset)), \(list)[\(index)] (id \(id))",
                fix: "give each its own id; the first is \(list)[\(first?.offset ?? 0)]"
                    + " in line \(line)")
        }
    }

    func refuseDanglingImages() throws(AnnotationError) {
        let listed = Set(images.lazy.map(\.entry.id))
        for (index, annotation) in (annotations ?? []).enumerated()
        where !listed.contains(annotation.imageID) {
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
