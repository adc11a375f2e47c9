import JSONText

/// Reads the entries of COCO files one by one from a scanner.
///
/// Knows the grammar of single entries; what entries mean for each other is checked afterwards.
struct COCOParser {
    var scanner: JSONScanner
    let segmentations: COCOReader.Segmentations
    /// What is missing or odd in the entries so far.
    var oddities = COCOOddities()

    init(_ source: JSONSource, segmentations: COCOReader.Segmentations) {
        scanner = JSONScanner(source)
        self.segmentations = segmentations
    }

    // MARK: - Lists

    /// Reads the list under a key, empty for a list on its own; `read` gets an entry's offset.
    ///
    /// An error gets the entry's index and id.
    mutating func list<Entry>(
        _ name: String, _ read: (inout COCOParser, Int) throws(JSONError) -> Entry
    ) throws(JSONError) -> [Entry] {
        do {
            try scanner.beginArray()
        } catch {
            throw name.isEmpty ? error : error.located(in: name)
        }
        var entries: [Entry] = []
        while try scanner.nextElement() {
            var start = scanner.offset
            do {
                _ = try scanner.peek()
                start = scanner.offset
                entries.append(try read(&self, start))
            } catch {
                let entry = "\(name)[\(entries.count)]"
                throw error.located(in: entry + Self.identifierText(scanner.source, at: start))
            }
        }
        return entries
    }

    /// The id of an entry for messages, as ` (id 7)`; empty if it has none.
    static func identifierText(_ source: JSONSource, at offset: Int) -> String {
        JSONScanner.rawMember(of: source, "id", ofObjectAt: offset).map { " (id \($0))" } ?? ""
    }

    // MARK: - Entries

    mutating func image(at start: Int) throws(JSONError) -> COCOImage {
        var id: COCOIdentifier?
        var image = COCOImage(id: .number(0), fileName: "", width: 0, height: 0)
        var seen = SeenKeys()
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "id":
                try seen.insert(0, key, scanner)
                id = try identifier()
            case "file_name":
                try seen.insert(1, key, scanner)
                image.fileName = try scanner.readString()
            case "width":
                try seen.insert(2, key, scanner)
                image.width = try length()
            case "height":
                try seen.insert(3, key, scanner)
                image.height = try length()
            default: try scanner.skipValue()
            }
        }
        image.id = try required(id, "id", at: start)
        return image
    }

    mutating func category(at start: Int) throws(JSONError) -> COCOCategory {
        var id: COCOIdentifier?
        var name: String?
        var seen = SeenKeys()
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "id":
                try seen.insert(0, key, scanner)
                id = try identifier()
            case "name":
                try seen.insert(1, key, scanner)
                name = try scanner.readString()
            default: try scanner.skipValue()
            }
        }
        let listed = try required(id, "id", at: start)
        return COCOCategory(id: listed, name: try required(name, "name", at: start))
    }

    mutating func annotation(at start: Int) throws(JSONError) -> COCOAnnotation {
        var fields = AnnotationFields()
        var seen = SeenKeys()
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "id":
                try seen.insert(0, key, scanner)
                fields.id = try identifier()
            case "image_id":
                try seen.insert(1, key, scanner)
                fields.imageID = try identifier()
            case "category_id":
                try seen.insert(2, key, scanner)
                fields.categoryID = try identifier()
            case "bbox":
                try seen.insert(3, key, scanner)
                fields.box = try box()
            case "area":
                try seen.insert(4, key, scanner)
                fields.area = try optional { parser throws(JSONError) in
                    try parser.scanner.readDouble()
                }
            case "iscrowd":
                try seen.insert(5, key, scanner)
                fields.isCrowd = try crowdFlag()
            case "segmentation":
                try seen.insert(6, key, scanner)
                fields.outline = try segmentation(&fields.segmentation)
            default: try scanner.skipValue()
            }
        }
        return try complete(fields, at: start)
    }

    mutating func detection(at start: Int) throws(JSONError) -> COCODetection {
        var fields = AnnotationFields()
        var score: Double?
        var seen = SeenKeys()
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "image_id":
                try seen.insert(0, key, scanner)
                fields.imageID = try identifier()
            case "category_id":
                try seen.insert(1, key, scanner)
                fields.categoryID = try identifier()
            case "score":
                try seen.insert(2, key, scanner)
                score = try scanner.readDouble()
            case "bbox":
                try seen.insert(3, key, scanner)
                fields.box = try box()
            case "segmentation":
                try seen.insert(4, key, scanner)
                fields.outline = try segmentation(&fields.segmentation)
            default: try scanner.skipValue()
            }
        }
        if fields.box == nil, fields.outline == .absent {
            throw scanner.failure(
                "the entry has neither \"bbox\" nor \"segmentation\"", at: start,
                fix: "write one of them")
        }
        return COCODetection(
            imageID: try required(fields.imageID, "image_id", at: start),
            categoryID: try required(fields.categoryID, "category_id", at: start),
            score: try required(score, "score", at: start), box: fields.box,
            segmentation: fields.segmentation)
    }

    // MARK: - Completing an annotation

    /// What an annotation's object has, before anything is known to be missing.
    private struct AnnotationFields {
        var id: COCOIdentifier?
        var imageID: COCOIdentifier?
        var categoryID: COCOIdentifier?
        var box: BoxXYWH?
        var area: Double?
        var isCrowd: Bool?
        var segmentation: COCOSegmentation?
        var outline = COCOOutline.absent
    }

    private mutating func complete(
        _ fields: AnnotationFields, at start: Int
    ) throws(JSONError) -> COCOAnnotation {
        let id = try required(fields.id, "id", at: start)
        let box = try required(box(of: fields, at: start), "bbox", at: start)
        var annotation = COCOAnnotation(
            id: id, imageID: try required(fields.imageID, "image_id", at: start),
            categoryID: try required(fields.categoryID, "category_id", at: start), box: box,
            area: fields.area ?? box.width * box.height, isCrowd: fields.isCrowd ?? false,
            offset: start)
        annotation.segmentation = segmentations == .keep ? fields.segmentation : nil
        annotation.outline = fields.outline
        annotation.areaIsComputed = fields.area == nil
        if fields.area == nil { oddities.areaMissing.add(start) }
        if fields.isCrowd == nil { oddities.crowdMissing.add(start) }
        return annotation
    }

    /// The box of an annotation, or that around its polygons, which are read again if not kept.
    private mutating func box(
        of fields: AnnotationFields, at start: Int
    ) throws(JSONError) -> BoxXYWH? {
        if let box = fields.box { return box }
        if segmentations == .drop, fields.outline == .usable {
            var keeping = COCOParser(scanner.source, segmentations: .keep)
            keeping.scanner = JSONScanner(scanner.source, at: start)
            oddities.boxMissing.add(start)
            return try keeping.annotation(at: start).box
        }
        guard let bounds = fields.segmentation?.polygonBounds else { return nil }
        oddities.boxMissing.add(start)
        return bounds
    }

    private func required<Value>(
        _ value: Value?, _ key: String, at start: Int
    ) throws(JSONError) -> Value {
        guard let value else {
            throw scanner.failure("the entry has no \"\(key)\"", at: start, fix: "write it")
        }
        return value
    }
}

/// Things that are missing in entries and were filled in.
struct COCOOddities {
    /// How many entries are odd in one way, and where the first is.
    struct Tally {
        private(set) var count = 0
        private(set) var first = 0

        mutating func add(_ offset: Int) {
            if count == 0 { first = offset }
            count += 1
        }
    }

    var areaMissing = Tally()
    var crowdMissing = Tally()
    var boxMissing = Tally()
}
