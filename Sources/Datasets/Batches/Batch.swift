import Annotations
import Imaging
import Tensors

/// What is to be found in one image of a batch.
public struct ImageTargets: Sendable {
    /// Id of the image in its annotation file; of a mosaic, of its first image.
    public var imageID: COCOIdentifier
    /// Size of that image in its file, after EXIF orientation.
    public var originalSize: ImageSize
    /// From that image's original pixels to input pixels; its inverse leads back.
    public var map: AffineMap
    /// The part of the input that shows the image, from the top left corner.
    public var validSize: ImageSize
    /// Boxes of the objects in input pixels, clipped to the input.
    public var boxes: [BoxXYXY] = []
    /// Label of each box: the position of its category in the order of ids.
    public var labels: [Int] = []
    /// Id of each box's annotation in its file.
    public var annotationIDs: [COCOIdentifier] = []
    /// Outlines of each object in input pixels, not clipped; empty where the file has none.
    public var polygons: [[[PixelPoint]]] = []
    /// Boxes of crowds in input pixels: neither object nor background.
    public var ignored: [BoxXYXY] = []

    /// Makes the targets of an image without objects.
    ///
    /// - Parameter sample: Names the image and its place.
    init(sample: Sample) {
        let first = sample.layers[0]
        imageID = first.imageID
        originalSize = first.pixels.originalSize
        map = first.map
        validSize = sample.size
    }
}

/// The input of one step with its targets.
public struct Batch: Sendable {
    /// The step that it belongs to, counted from 0 over the whole run.
    public let step: Int
    /// Normalised pixels, `[N, height, width, 3]`.
    public let images: Tensor
    /// What is to be found in each image.
    public let targets: [ImageTargets]

    /// Makes a batch.
    ///
    /// - Parameters:
    ///   - step: The step that it belongs to.
    ///   - images: Normalised pixels, `[N, height, width, 3]`.
    ///   - targets: One for each image.
    public init(step: Int, images: Tensor, targets: [ImageTargets]) {
        self.step = step
        self.images = images
        self.targets = targets
    }
}
