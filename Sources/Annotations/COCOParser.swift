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
        oddities.imageIDs.add(image.id)
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
        oddities.categoryIDs.add(listed)
        return COCOCategory(id: listed, name: try required(name, "name", at: start))
    }

    mutating func annotation(at start: Int) throws(JSONError) -> COCOAnnotation {
        var entry = Self.blank(at: start)
        var seen = SeenKeys()
        var box: BoxXYWH?
        var crowd: Bool?
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "id":
                try seen.insert(0, key, scanner)
                entry.id = try identifier()
            case "image_id":
                try seen.insert(1, key, scanner)
                entry.imageID = try identifier()
            case "category_id":
                try seen.insert(2, key, scanner)
                entry.categoryID = try identifier()
            case "bbox":
                try seen.insert(3, key, scanner)
                box = try self.box()
            case "area":
                try seen.insert(4, key, scanner)
                try area(of: &entry)
            case "iscrowd":
                try seen.insert(5, key, scanner)
                crowd = try crowdFlag()
            case "segmentation":
                try seen.insert(6, key, scanner)
                entry.outline = try segmentation(&entry.segmentation)
            default: try scanner.skipValue()
            }
        }
        try require(Self.annotationKeys, seen, at: start)
        let bounds = box == nil ? try bounds(of: entry) : box
        entry.box = try required(bounds, "bbox", at: start)
        if entry.areaIsComputed { entry.area = entry.box.width * entry.box.height }
        entry.isCrowd = crowd ?? false
        note(entry, hasBox: box != nil, hasCrowd: crowd != nil)
        return entry
    }

    mutating func detection(at start: Int) throws(JSONError) -> COCODetection {
        let nobody = COCOIdentifier.number(0)
        var entry = COCODetection(imageID: nobody, categoryID: nobody, score: 0, box: nil)
        var seen = SeenKeys()
        var outline = COCOOutline.absent
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "image_id":
                try seen.insert(0, key, scanner)
                entry.imageID = try identifier()
            case "category_id":
                try seen.insert(1, key, scanner)
                entry.categoryID = try identifier()
            case "score":
                try seen.insert(2, key, scanner)
                entry.score = try scanner.readDouble()
            case "bbox":
                try seen.insert(3, key, scanner)
                entry.box = try box()
            case "segmentation":
                try seen.insert(4, key, scanner)
                outline = try segmentation(&entry.segmentation)
            default: try scanner.skipValue()
            }
        }
        try require(Self.detectionKeys, seen, at: start)
        if entry.box == nil, outline == .absent {
            throw scanner.failure(
                "the entry has neither \"bbox\" nor \"segmentation\"", at: start,
                fix: "write one of them")
        }
        return entry
    }

    // MARK: - Completing an entry

    private static let annotationKeys = ["id", "image_id", "category_id"]
    private static let detectionKeys = ["image_id", "category_id", "score"]

    /// An annotation of which nothing is known yet.
    private static func blank(at start: Int) -> COCOAnnotation {
        let nobody = COCOIdentifier.number(0)
        var entry = COCOAnnotation(
            id: nobody, imageID: nobody, categoryID: nobody,
            box: BoxXYWH(x: 0, y: 0, width: 0, height: 0), area: 0, offset: start)
        entry.areaIsComputed = true
        return entry
    }

    private mutating func area(of entry: inout COCOAnnotation) throws(JSONError) {
        if try scanner.peek() == .null { return try scanner.readNull() }
        entry.area = try scanner.readDouble()
        entry.areaIsComputed = false
    }

    /// The box around the polygons of an annotation, which are read again if not kept.
    private func bounds(of entry: COCOAnnotation) throws(JSONError) -> BoxXYWH? {
        guard entry.outline == .usable else { return nil }
        if segmentations == .keep { return entry.segmentation?.polygonBounds }
        var keeping = COCOParser(scanner.source, segmentations: .keep)
        keeping.scanner = JSONScanner(scanner.source, at: entry.offset)
        return try keeping.annotation(at: entry.offset).box
    }

    /// Counts what was filled in, and what its ids are.
    private mutating func note(_ entry: COCOAnnotation, hasBox: Bool, hasCrowd: Bool) {
        if entry.areaIsComputed { oddities.areaMissing.add(entry.offset) }
        if !hasCrowd { oddities.crowdMissing.add(entry.offset) }
        if !hasBox { oddities.boxMissing.add(entry.offset) }
        oddities.imageIDs.add(entry.imageID)
        oddities.categoryIDs.add(entry.categoryID)
        oddities.annotationIDs.add(entry.id)
    }

    /// Refuses an entry that lacks one of its first keys, which are numbered from 0.
    private func require(
        _ keys: [String], _ seen: SeenKeys, at start: Int
    ) throws(JSONError) {
        for (number, key) in keys.enumerated() where !seen.has(UInt32(number)) {
            _ = try required(nil as Bool?, key, at: start)
        }
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

/// What is missing in entries and was filled in, and what forms ids have.
struct COCOOddities {
    /// Whether ids of one kind are numbers, texts or both.
    struct Forms {
        private var hasNumbers = false
        private var hasTexts = false

        var isMixed: Bool { hasNumbers && hasTexts }

        mutating func add(_ id: COCOIdentifier) {
            if id.isNumber { hasNumbers = true } else { hasTexts = true }
        }
    }

    var imageIDs = Forms()
    var categoryIDs = Forms()
    var annotationIDs = Forms()

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
