import Annotations
import Imaging

/// The images of one split with their objects, found, checked and labelled.
public struct DetectionSet: Sendable {
    /// Where a split lies and what becomes of its bad images.
    public struct Source: Hashable, Sendable {
        /// The annotation file, for messages.
        public var annotationFile: String
        /// The folder that file names are relative to.
        public var imageFolder: String
        /// What becomes of images that are missing or cannot be decoded.
        public var onBadImage: BadImagePolicy

        /// Makes the description of a split.
        ///
        /// - Parameters:
        ///   - annotationFile: For messages.
        ///   - imageFolder: The folder that file names are relative to.
        ///   - onBadImage: What becomes of images that are missing or cannot be decoded.
        public init(
            annotationFile: String, imageFolder: String, onBadImage: BadImagePolicy = .drop
        ) {
            self.annotationFile = annotationFile
            self.imageFolder = imageFolder
            self.onBadImage = onBadImage
        }
    }

    /// What a set is for.
    public enum Use: Sendable {
        /// Objects are needed: a set with nothing left is refused.
        case training
        /// Images are needed: the annotation file itself is the truth.
        case evaluation
    }

    /// Where the split lies.
    public let source: Source
    /// The classes that labels refer to.
    public let classes: ClassTable
    /// The images that are there, in the order of the file.
    public let items: [DetectionItem]
    /// What was dropped, and why.
    public let warnings: [DatasetWarning]
    let badImages: BadImages

    /// Number of objects, crowds not counted.
    public var objectCount: Int {
        items.reduce(0) { $0 + $1.objects.lazy.filter { !$0.isCrowd }.count }
    }

    /// Finds the images of a split and selects the objects that training may use.
    ///
    /// - Parameters:
    ///   - dataset: The annotation file's content.
    ///   - source: Where the split lies.
    ///   - classes: The classes of the training file.
    ///   - use: What the set is for.
    /// - Throws: `DatasetError` when the folder is not there, when more than 5 % of the images
    ///   are bad, or when nothing is left to train on.
    public init(
        _ dataset: COCODataset, from source: Source, classes: ClassTable, use: Use
    ) throws(DatasetError) {
        let selection = try ObjectSelection(dataset, source: source, classes: classes, use: use)
        let bad = BadImages(
            policy: source.onBadImage, total: dataset.images.count,
            listName: source.annotationFile)
        let items = try Self.items(of: dataset, in: source, selection.objects, bad)
        try bad.check()
        self.source = source
        self.classes = classes
        self.items = items
        badImages = bad
        warnings = selection.warnings + bad.takeWarnings()
        if items.isEmpty || (use == .training && objectCount == 0) {
            throw Self.nothingLeft(dataset, source)
        }
    }

    private static func items(
        of dataset: COCODataset, in source: Source,
        _ objects: [COCOIdentifier: [DetectionObject]], _ bad: BadImages
    ) throws(DatasetError) -> [DetectionItem] {
        let folder = ImageFolder(path: source.imageFolder)
        guard folder.exists else {
            throw DatasetError(
                what: "the images folder is not there", place: source.imageFolder,
                fix: "check the data root and the name of the images folder")
        }
        var items: [DetectionItem] = []
        items.reserveCapacity(dataset.images.count)
        for image in dataset.images {
            let found = folder.find(image.fileName)
            do {
                let size = try checkedSize(of: image, found)
                items.append(
                    DetectionItem(
                        imageID: image.id, path: found.path, size: size,
                        objects: (objects[image.id] ?? []).clipped(to: size)))
            } catch {
                try bad.add(error.warning)
            }
        }
        return items
    }

    /// The size that a file's header gives, if it is there and agrees with the list.
    private static func checkedSize(
        of image: COCOImage, _ found: ImageFolder.Found
    ) throws(BadImage) -> ImageSize {
        guard found.isThere else { throw BadImage.missing(found.path, image.id) }
        let size: ImageSize
        do {
            size = try ImageDecoder.header(path: found.path)
        } catch {
            throw BadImage(error, id: image.id)
        }
        let isUnstated = image.width == 0 && image.height == 0
        guard isUnstated || (image.width == size.width && image.height == size.height) else {
            throw BadImage.differs(found.path, image, size)
        }
        return size
    }

    private static func nothingLeft(_ dataset: COCODataset, _ source: Source) -> DatasetError {
        let annotations = dataset.annotations ?? []
        let crowds = annotations.count(where: \.isCrowd)
        let reason =
            if dataset.images.isEmpty {
                "the file lists no images"
            } else if annotations.isEmpty {
                "the file has no objects"
            } else if crowds == annotations.count {
                "all \(crowds) objects are crowds (iscrowd is 1)"
            } else {
                "none of the \(annotations.count) annotations can be used (\(crowds) are crowds)"
            }
        return DatasetError(
            what: "nothing is left to work on: " + reason, place: source.annotationFile,
            fix: "run cvsuite data check on the file")
    }
}

extension [DetectionObject] {
    fileprivate func clipped(to size: ImageSize) -> [DetectionObject] {
        map { object in
            var object = object
            object.box = object.box.clipped(to: size)
            return object
        }
    }
}

/// Why an image of the list cannot be used.
struct BadImage: Error {
    let warning: DatasetWarning

    private init(kind: String, what: String, path: String, fix: String) {
        warning = DatasetWarning(kind: kind, what: what, place: path, fix: fix)
    }

    /// The file cannot be read or decoded.
    init(_ error: ImageError, id: COCOIdentifier) {
        self.init(
            kind: "image-undecodable",
            what: "image \(id.text) is left out: " + error.what, path: error.place,
            fix: error.fix)
    }

    /// The file is not there.
    static func missing(_ path: String, _ id: COCOIdentifier) -> BadImage {
        BadImage(
            kind: "image-missing", what: "image \(id.text) is left out: its file is not there",
            path: path, fix: "bring the file back, or take it off the list")
    }

    /// The file has another size than the list says, so that its boxes cannot be trusted.
    static func differs(_ path: String, _ image: COCOImage, _ size: ImageSize) -> BadImage {
        BadImage(
            kind: "image-size",
            what: "image \(image.id.text) is left out: it is \(size.width) x \(size.height) "
                + "pixels and listed as \(image.width) x \(image.height)",
            path: path,
            fix: "annotate the image as it is shown, after its EXIF orientation, or correct "
                + "width and height")
    }
}
