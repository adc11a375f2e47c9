/// An id of a COCO file, kept exactly as the file has it.
///
/// Integers beyond 64 bits and texts occur in public files; both survive from file to result.
public enum COCOIdentifier: Hashable, Sendable, Comparable {
    /// An integer that fits 64 bits.
    case number(Int64)
    /// An integer beyond 64 bits, as its decimal digits with an optional sign.
    case bigNumber(String)
    /// A text.
    case text(String)
}

/// A box as COCO stores it: left, top, width and height in pixels of the original image.
public struct BoxXYWH: Hashable, Sendable {
    /// Left edge in pixels.
    public var x: Double
    /// Top edge in pixels.
    public var y: Double
    /// Width in pixels.
    public var width: Double
    /// Height in pixels.
    public var height: Double

    /// Makes a box from its four numbers.
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}

/// A segmentation in one of the three forms that COCO files use.
public enum COCOSegmentation: Hashable, Sendable {
    /// Polygons, each a flat list `x0, y0, x1, y1, ...` in pixels.
    case polygons([[Double]])
    /// Uncompressed run lengths, column by column, beginning with a run of zeros.
    case runLengths(height: Int, width: Int, counts: [UInt32])
    /// Compressed run lengths in COCO's text form.
    case compressed(height: Int, width: Int, counts: String)
}

/// An entry of `images`.
public struct COCOImage: Hashable, Sendable {
    /// The image's own id.
    public var id: COCOIdentifier
    /// Path relative to the images folder, as the file has it.
    public var fileName: String
    /// Width in pixels.
    public var width: Int
    /// Height in pixels.
    public var height: Int

    /// Makes an entry of `images`.
    public init(id: COCOIdentifier, fileName: String, width: Int, height: Int) {
        self.id = id
        self.fileName = fileName
        self.width = width
        self.height = height
    }
}

/// An entry of `categories`.
public struct COCOCategory: Hashable, Sendable {
    /// The category's own id.
    public var id: COCOIdentifier
    /// The category's name.
    public var name: String

    /// Makes an entry of `categories`.
    public init(id: COCOIdentifier, name: String) {
        self.id = id
        self.name = name
    }
}

/// An entry of `annotations`.
public struct COCOAnnotation: Hashable, Sendable {
    /// The annotation's own id.
    public var id: COCOIdentifier
    /// Id of its image.
    public var imageID: COCOIdentifier
    /// Id of its category.
    public var categoryID: COCOIdentifier
    /// Its box.
    public var box: BoxXYWH
    /// Area in square pixels, of the file, or width times height where the file has none.
    public var area: Double
    /// Whether the file has no area, so that `area` is that of the box.
    public var areaIsComputed = false
    /// Whether it stands for a crowd.
    public var isCrowd: Bool
    /// Its outline, if the file has one and the reader was asked to keep it.
    public var segmentation: COCOSegmentation?
    /// What the file has as its outline, also where the reader was asked not to keep it.
    public var outline = COCOOutline.absent
    /// Offset of the entry in the file, in bytes, for messages.
    public var offset: Int

    /// Makes an entry of `annotations`.
    public init(
        id: COCOIdentifier, imageID: COCOIdentifier, categoryID: COCOIdentifier, box: BoxXYWH,
        area: Double, isCrowd: Bool = false, segmentation: COCOSegmentation? = nil, offset: Int = 0
    ) {
        self.id = id
        self.imageID = imageID
        self.categoryID = categoryID
        self.box = box
        self.area = area
        self.isCrowd = isCrowd
        self.segmentation = segmentation
        self.offset = offset
        outline = segmentation.map(COCOOutline.init) ?? .absent
    }
}

/// What an annotation has as its outline.
public enum COCOOutline: Hashable, Sendable {
    /// No `segmentation`, or `null`.
    case absent
    /// An empty list.
    case empty
    /// Polygons none of which has three points.
    case tooFewPoints
    /// Polygons with three points or more, or run lengths.
    case usable

    /// What a segmentation amounts to.
    public init(_ segmentation: COCOSegmentation) {
        switch segmentation {
        case .polygons(let polygons): self.init(coordinateCounts: polygons.map(\.count))
        case .runLengths, .compressed: self = .usable
        }
    }

    /// What polygons with so many coordinates, two a point, amount to.
    init(coordinateCounts counts: [Int]) {
        self = counts.isEmpty ? .empty : counts.contains { $0 >= 6 } ? .usable : .tooFewPoints
    }
}

/// An entry of a result file.
public struct COCODetection: Hashable, Sendable {
    /// Id of its image.
    public var imageID: COCOIdentifier
    /// Id of its category.
    public var categoryID: COCOIdentifier
    /// Confidence, 0 to 1.
    public var score: Double
    /// Its box, if the entry has one.
    public var box: BoxXYWH?
    /// Its mask, if the entry has one.
    public var segmentation: COCOSegmentation?

    /// Makes an entry of a result file.
    public init(
        imageID: COCOIdentifier, categoryID: COCOIdentifier, score: Double, box: BoxXYWH?,
        segmentation: COCOSegmentation? = nil
    ) {
        self.imageID = imageID
        self.categoryID = categoryID
        self.score = score
        self.box = box
        self.segmentation = segmentation
    }
}

/// The content of a COCO annotation file.
public struct COCODataset: Sendable {
    /// `images`, in the order of the file.
    public var images: [COCOImage]
    /// `categories`, in the order of the file.
    public var categories: [COCOCategory]
    /// `annotations`, in the order of the file; `nil` when the file has no such key.
    public var annotations: [COCOAnnotation]?

    /// Makes a dataset from its three lists.
    public init(
        images: [COCOImage], categories: [COCOCategory], annotations: [COCOAnnotation]?
    ) {
        self.images = images
        self.categories = categories
        self.annotations = annotations
    }
}
