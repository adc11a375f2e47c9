#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import JSONText

/// Writes COCO annotation and result files, one entry a line.
///
/// A file appears under its name only when it is whole: it is written under a temporary name
/// beside it, synced and renamed.
public enum COCOWriter {
    /// Writes an annotation file.
    ///
    /// - Parameters:
    ///   - dataset: its content.
    ///   - path: where it goes; a file there is replaced.
    /// - Throws: `AnnotationError` when the file cannot be written.
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
        try finish(&writer, &file)
    }

    /// Writes a result file: a list of detections.
    ///
    /// - Parameters:
    ///   - detections: its entries.
    ///   - path: where it goes; a file there is replaced.
    /// - Throws: `AnnotationError` when the file cannot be written.
    public static func write(_ detections: [COCODetection], to path: String) throws {
        var file = try AtomicFile(path: path)
        var writer = JSONWriter()
        writer.beginArray()
        try writeEntries(detections, &writer, &file) { $0.detection($1) }
        writer.endArray()
        try finish(&writer, &file)
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

    private static func finish(_ writer: inout JSONWriter, _ file: inout AtomicFile) throws {
        try file.append(writer.bytes + [0x0A])
        try file.commit()
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

/// A file that appears under its name only when all of it is on the disk.
private struct AtomicFile: ~Copyable {
    private let path: String
    private let temporaryPath: String
    private let descriptor: Int32
    private var isCommitted = false

    init(path: String) throws(AnnotationError) {
        self.path = path
        temporaryPath = "\(path).partial-\(getpid())"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit {
        guard descriptor >= 0, !isCommitted else { return }
        close(descriptor)
        unlink(temporaryPath)
    }

    mutating func append(_ bytes: [UInt8]) throws(AnnotationError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes[written...]
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path) }
            written += count
        }
    }

    mutating func commit() throws(AnnotationError) {
        guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
            throw Self.failure(path)
        }
        close(descriptor)
        isCommitted = true
    }

    private static func failure(_ path: String) -> AnnotationError {
        AnnotationError(
            what: "cannot write the file: " + String(cString: strerror(errno)), place: path,
            fix: "check that the folder exists, can be written and has room")
    }
}
