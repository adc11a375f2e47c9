import Annotations
import Foundation
import Imaging
import JSONText

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
    public let warnings: [Warning]
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
    ///   are bad, or when there is nothing to train on.
    public init(
        _ dataset: COCODataset, from source: Source, classes: ClassTable, use: Use
    ) throws(DatasetError) {
        let objects: LabelledObjects
        do {
            objects = try LabelledObjects(
                dataset, file: source.annotationFile, classes: classes, use: use)
        } catch {
            throw DatasetError(what: error.what, place: error.place, fix: error.fix)
        }
        let bad = BadImages(
            policy: source.onBadImage, total: dataset.images.count,
            listName: source.annotationFile)
        items = try Self.items(of: dataset, in: source, objects.byImage, bad)
        try bad.check()
        guard !items.isEmpty else {
            throw DatasetError(
                what: "the file lists no images", place: source.annotationFile,
                fix: "name an annotation file with images")
        }
        self.source = source
        self.classes = classes
        badImages = bad
        warnings = objects.warnings + bad.takeWarnings()
    }

    private static func items(
        of dataset: COCODataset, in source: Source,
        _ objects: [COCOIdentifier: [DetectionObject]], _ bad: BadImages
    ) throws(DatasetError) -> [DetectionItem] {
        var isFolder: ObjCBool = false
        guard
            FileManager.default.fileExists(atPath: source.imageFolder, isDirectory: &isFolder),
            isFolder.boolValue
        else {
            throw DatasetError(
                what: "the images folder is not there", place: source.imageFolder,
                fix: "check the data root and the name of the images folder")
        }
        var items: [DetectionItem] = []
        items.reserveCapacity(dataset.images.count)
        for image in dataset.images {
            do throws(BadImage) {
                guard let path = image.path(in: source.imageFolder) else {
                    throw BadImage.missing(source.imageFolder + "/" + image.fileName, image.id)
                }
                let size = try checkedSize(of: image, path)
                items.append(
                    DetectionItem(
                        imageID: image.id, path: path, size: size,
                        objects: (objects[image.id] ?? []).clipped(to: size)))
            } catch {
                try bad.add(error)
            }
        }
        return items
    }

    /// The size that a file's header gives, if it agrees with the list.
    private static func checkedSize(
        of image: COCOImage, _ path: String
    ) throws(BadImage) -> ImageSize {
        let size: ImageSize
        do {
            size = try ImageDecoder.header(path: path)
        } catch {
            throw BadImage(error, id: image.id)
        }
        let isUnstated = image.width == 0 && image.height == 0
        guard isUnstated || (image.width == size.width && image.height == size.height) else {
            throw BadImage.differs(path, image, size)
        }
        return size
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
