import JSONText

/// Reads COCO annotation and result files of any size.
///
/// Odd but unambiguous input is read with a warning that counts it; what would make a number
/// wrong is refused with file, line, entry and id.
public enum COCOReader {
    /// What becomes of the outlines of annotations.
    public enum Segmentations: Sendable {
        /// They are kept.
        case keep
        /// They are checked and passed over, so that memory goes to boxes alone.
        case drop
    }

    /// Reads an annotation file.
    ///
    /// Ids that are decimal texts where the file elsewhere has numbers become numbers. A file
    /// without `annotations` gives a dataset whose `annotations` are `nil`.
    ///
    /// - Parameters:
    ///   - path: path of the file.
    ///   - segmentations: whether outlines are kept.
    ///   - warnings: collects what was read with a doubt.
    /// - Returns: the content of the file.
    /// - Throws: `JSONError` or `AnnotationError` when the file cannot be used.
    public static func dataset(
        path: String, segmentations: Segmentations = .keep, warnings: Warnings
    ) throws -> COCODataset {
        try dataset(
            source: JSONSource(path: path), segmentations: segmentations, warnings: warnings)
    }

    /// Reads an annotation file that is open already.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - segmentations: whether outlines are kept.
    ///   - warnings: collects what was read with a doubt.
    /// - Returns: the content of the file.
    /// - Throws: `JSONError` or `AnnotationError` when the file cannot be used.
    public static func dataset(
        source: JSONSource, segmentations: Segmentations = .keep, warnings: Warnings
    ) throws -> COCODataset {
        var parser = COCOParser(source, segmentations: segmentations)
        var lists = Lists()
        try lists.read(&parser)
        var linker = COCOLinker(
            source: source, images: try lists.required(lists.images, "images", source),
            categories: try lists.required(lists.categories, "categories", source),
            annotations: lists.annotations)
        linker.unifyIdentifiers(parser.oddities, warnings)
        try linker.refuseEqualIdentifiers()
        try linker.refuseDanglingImages()
        linker.warn(about: parser.oddities, warnings)
        return COCODataset(
            images: linker.images.map(\.entry), categories: linker.categories.map(\.entry),
            annotations: linker.annotations)
    }

    /// Reads a result file: a list of detections, or an object that has it under `annotations`.
    ///
    /// - Parameters:
    ///   - path: path of the file.
    ///   - dataset: the ground truth; detections of images that it does not list are refused.
    ///   - warnings: collects what was read with a doubt.
    /// - Returns: the detections in the order of the file, their ids spelt as the truth has them.
    /// - Throws: `JSONError` or `AnnotationError` when the file cannot be used.
    public static func detections(
        path: String, for dataset: COCODataset, warnings: Warnings
    ) throws -> [COCODetection] {
        try detections(source: JSONSource(path: path), for: dataset, warnings: warnings)
    }

    /// Reads a result file that is open already.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - dataset: the ground truth; detections of images that it does not list are refused.
    ///   - warnings: collects what was read with a doubt.
    /// - Returns: the detections in the order of the file, their ids spelt as the truth has them.
    /// - Throws: `JSONError` or `AnnotationError` when the file cannot be used.
    public static func detections(
        source: JSONSource, for dataset: COCODataset, warnings: Warnings
    ) throws -> [COCODetection] {
        var parser = COCOParser(source, segmentations: .keep)
        var speller = COCOSpeller(dataset)
        let read = { (parser: inout COCOParser, start: Int) throws(JSONError) -> COCODetection in
            var detection = try parser.detection(at: start)
            try speller.spell(&detection, at: start, parser.scanner)
            return detection
        }
        let detections: [COCODetection]
        if try parser.scanner.peek() == .object {
            detections = try resultsInObject(&parser, read)
        } else {
            detections = try parser.list("", read)
        }
        try parser.scanner.finish()
        speller.warn(source, warnings)
        return detections
    }

    /// Reads a list of categories on its own, as weights files carry it.
    ///
    /// - Parameter source: the text.
    /// - Returns: the categories in the order of the text.
    /// - Throws: `JSONError` when it is no such list.
    public static func categories(source: JSONSource) throws -> [COCOCategory] {
        var parser = COCOParser(source, segmentations: .drop)
        let categories = try parser.list("") { parser, start throws(JSONError) in
            try parser.category(at: start)
        }
        try parser.scanner.finish()
        return categories
    }

    private static func resultsInObject(
        _ parser: inout COCOParser,
        _ read: (inout COCOParser, Int) throws(JSONError) -> COCODetection
    ) throws -> [COCODetection] {
        var detections: [COCODetection]?
        var seen = SeenKeys()
        let start = parser.scanner.offset
        try parser.scanner.beginObject()
        while let key = try parser.scanner.nextKey() {
            if "annotations" ~= key {
                try seen.insert(0, key, parser.scanner)
                detections = try parser.list("annotations", read)
            } else {
                try parser.scanner.skipValue()
            }
        }
        guard let detections else {
            throw parser.scanner.failure(
                "the results are an object without \"annotations\"", at: start,
                fix: "write a list of detections, or an object that has it under \"annotations\"")
        }
        return detections
    }
}

/// An entry with the place where it stands.
struct Placed<Entry> {
    let entry: Entry
    let offset: Int
}

/// The three lists of an annotation file, as far as the file has them.
private struct Lists {
    var images: [Placed<COCOImage>]?
    var categories: [Placed<COCOCategory>]?
    var annotations: [COCOAnnotation]?

    mutating func read(_ parser: inout COCOParser) throws(JSONError) {
        var seen = SeenKeys()
        if try parser.scanner.peek() == .array {
            throw parser.scanner.failure(
                "expected an annotation file, found a list",
                fix: "name the file with \"images\" and \"categories\"; a list is a result file")
        }
        try parser.scanner.beginObject()
        while let key = try parser.scanner.nextKey() {
            switch key {
            case "images":
                try seen.insert(0, key, parser.scanner)
                images = try parser.list("images") { parser, start throws(JSONError) in
                    Placed(entry: try parser.image(at: start), offset: start)
                }
            case "categories":
                try seen.insert(1, key, parser.scanner)
                categories = try parser.list("categories") { parser, start throws(JSONError) in
                    Placed(entry: try parser.category(at: start), offset: start)
                }
            case "annotations":
                try seen.insert(2, key, parser.scanner)
                annotations = try parser.list("annotations") { parser, start throws(JSONError) in
                    try parser.annotation(at: start)
                }
            default: try parser.scanner.skipValue()
            }
        }
        try parser.scanner.finish()
    }

    func required<Entry>(
        _ list: [Entry]?, _ key: String, _ source: JSONSource
    ) throws(AnnotationError) -> [Entry] {
        guard let list else {
            throw AnnotationError(
                what: "the file has no \"\(key)\"", place: source.name,
                fix: "name a COCO annotation file, or write the list")
        }
        return list
    }
}
