import Annotations
import Imaging

/// An object of an image, ready for training.
public struct DetectionObject: Hashable, Sendable {
    /// Its box in original pixels, inside the image.
    public var box: BoxXYXY
    /// Position of its category in the class table.
    public var label: Int
    /// Whether it stands for a crowd, which is neither object nor background.
    public var isCrowd: Bool
    /// Id of its annotation.
    public var annotationID: COCOIdentifier
    /// Its outlines in original pixels, if the file has polygons and they were kept.
    public var polygons: [[PixelPoint]]

    /// Makes an object.
    ///
    /// - Parameters:
    ///   - box: In original pixels, inside the image.
    ///   - label: Position of its category in the class table.
    ///   - isCrowd: Whether it stands for a crowd.
    ///   - annotationID: Id of its annotation.
    ///   - polygons: Its outlines in original pixels.
    public init(
        box: BoxXYXY, label: Int, isCrowd: Bool = false, annotationID: COCOIdentifier,
        polygons: [[PixelPoint]] = []
    ) {
        self.box = box
        self.label = label
        self.isCrowd = isCrowd
        self.annotationID = annotationID
        self.polygons = polygons
    }
}

/// An image of a set with its objects.
public struct DetectionItem: Hashable, Sendable {
    /// Id of the image.
    public let imageID: COCOIdentifier
    /// The file.
    public let path: String
    /// Size after EXIF orientation, as the file's header says.
    public let size: ImageSize
    /// The objects that training may use, crowds among them.
    public let objects: [DetectionObject]

    /// Makes an item.
    ///
    /// - Parameters:
    ///   - imageID: Id of the image.
    ///   - path: The file.
    ///   - size: Size after EXIF orientation.
    ///   - objects: In original pixels.
    public init(
        imageID: COCOIdentifier, path: String, size: ImageSize, objects: [DetectionObject]
    ) {
        self.imageID = imageID
        self.path = path
        self.size = size
        self.objects = objects
    }
}
