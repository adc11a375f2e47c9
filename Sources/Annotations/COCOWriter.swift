import Files
import JSONText

/// Writes COCO annotation and result files, one entry a line.
///
/// A file appears under its name only when it is whole.
public enum COCOWriter {
    /// Writes an annotation file.
    ///
    /// - Parameters:
    ///   - dataset: its content.
    ///   - path: where it goes; a file there is replaced.
    /// - Throws: `FileError` when the file cannot be written.
    public static func write(_ dataset: COCODataset, to path: String) throws {
        var file = try AtomicFile(path: path)
        var writer = JSONWriter()
        writer.beginObject()
        try writeList("images", dataset.images, &writer, &file) { $0.image($1) }
        writer.newLine()
        try writeList("categories", dataset.categories, &writer, &file) { $0.category($1) }
        if let annotations = dataset.annotations {
            writer.newLine()
            try writeList("annotations", annotations, &writer, &file) { $0.annotation($1) }
        }
        writer.endObject()
        try file.append(writer.bytes + [0x0A])
        try file.commit()
    }

    /// Writes a result file: a list of detections.
    ///
    /// - Parameters:
    ///   - detections: its entries.
    ///   - path: where it goes; a file there is replaced.
    /// - Throws: `FileError` when the file cannot be written.
    public static func write(_ detections: [COCODetection], to path: String) throws {
        try write(detections, to: path) { $0.detection($1) }
    }

    /// Writes a list of images on its own, as predictions have beside their results.
    ///
    /// - Parameters:
    ///   - images: its entries.
    ///   - path: where it goes; a file there is replaced.
    /// - Throws: `FileError` when the file cannot be written.
    public static func write(_ images: [COCOImage], to path: String) throws {
        try write(images, to: path) { $0.image($1) }
    }

    /// The text of a list of categories, as weights files carry it.
    ///
    /// - Parameter categories: its entries.
    /// - Returns: a JSON list on one line.
    public static func text(_ categories: [COCOCategory]) -> String {
        var writer = JSONWriter()
        writer.beginArray()
        for category in categories { writer.category(category) }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func write<Entry>(
        _ entries: [Entry], to path: String, _ write: (inout JSONWriter, Entry) -> Void
    ) throws {
        var file = try AtomicFile(path: path)
        var writer = JSONWriter()
        writer.beginArray()
        try writeEntries(entries, &writer, &file, write)
        writer.endArray()
        try file.append(writer.bytes + [0x0A])
        try file.commit()
    }

    private static func writeList<Entry>(
        _ key: String, _ entries: [Entry], _ writer: inout JSONWriter, _ file: inout AtomicFile,
        _ write: (inout JSONWriter, Entry) -> Void
    ) throws {
        writer.key(key)
        writer.beginArray()
        try writeEntries(entries, &writer, &file, write)
        writer.endArray()
    }

    private static func writeEntries<Entry>(
        _ entries: [Entry], _ writer: inout JSONWriter, _ file: inout AtomicFile,
        _ write: (inout JSONWriter, Entry) -> Void
    ) throws {
        for entry in entries {
            writer.newLine()
            write(&writer, entry)
            if writer.bytes.count >= 1 << 16 {
                try file.append(writer.bytes)
                writer.removeWritten()
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func identifier(_ key: String, _ id: COCOIdentifier) {
        self.key(key)
        switch id {
        case .number(let value): integer(Int(value))
        case .bigNumber(let digits): raw(digits)
        case .text(let text): string(text)
        }
    }

    fileprivate mutating func image(_ image: COCOImage) {
        beginObject()
        identifier("id", image.id)
        key("file_name")
        string(image.fileName)
        key("width")
        integer(image.width)
        key("height")
        integer(image.height)
        endObject()
    }

    fileprivate mutating func category(_ category: COCOCategory) {
        beginObject()
        identifier("id", category.id)
        key("name")
        string(category.name)
        endObject()
    }

    fileprivate mutating func annotation(_ annotation: COCOAnnotation) {
        beginObject()
        identifier("id", annotation.id)
        identifier("image_id", annotation.imageID)
        identifier("category_id", annotation.categoryID)
        box(annotation.box)
        key("area")
        double(annotation.area)
        key("iscrowd")
        integer(annotation.isCrowd ? 1 : 0)
        segmentation(annotation.segmentation)
        endObject()
    }

    fileprivate mutating func detection(_ detection: COCODetection) {
        beginObject()
        identifier("image_id", detection.imageID)
        identifier("category_id", detection.categoryID)
        if let box = detection.box { self.box(box) }
        key("score")
        double(detection.score)
        segmentation(detection.segmentation)
        endObject()
    }

    private mutating func box(_ box: BoxXYWH) {
        key("bbox")
        doubles([box.x, box.y, box.width, box.height])
    }

    private mutating func doubles(_ values: [Double]) {
        beginArray()
        for value in values { double(value) }
        endArray()
    }

    private mutating func segmentation(_ segmentation: COCOSegmentation?) {
        guard let segmentation else { return }
        key("segmentation")
        switch segmentation {
        case .polygons(let polygons):
            beginArray()
            for polygon in polygons { doubles(polygon) }
            endArray()
        case .runLengths(let height, let width, let counts):
            runLengths(height, width) { writer in
                writer.beginArray()
                for count in counts { writer.integer(Int(count)) }
                writer.endArray()
            }
        case .compressed(let height, let width, let counts):
            runLengths(height, width) { $0.string(counts) }
        }
    }

    private mutating func runLengths(
        _ height: Int, _ width: Int, _ counts: (inout JSONWriter) -> Void
    ) {
        beginObject()
        key("size")
        beginArray()
        integer(height)
        integer(width)
        endArray()
        key("counts")
        counts(&self)
        endObject()
    }
}
