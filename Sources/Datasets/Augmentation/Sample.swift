import Annotations
import Imaging

/// An image, or several in a mosaic, on the way to becoming an input, with its objects.
///
/// Nothing is resampled on the way: each image carries one affine map from its original pixels to
/// the sample's, augmentations compose onto it, and the pixels are read once, at the end. Boxes
/// and outlines are mapped by the same map.
public struct Sample: Sendable {
    /// An image and where it lies.
    public struct Layer: Sendable {
        /// Id of the image in its annotation file.
        public let imageID: COCOIdentifier
        /// The pixels.
        public let pixels: ImagePyramid
        /// From original pixels to the sample's pixels.
        public var map: AffineMap
        /// The image's objects, in original pixels.
        public let objects: [DetectionObject]

        /// Makes a layer.
        ///
        /// - Parameters:
        ///   - imageID: Id of the image in its annotation file.
        ///   - pixels: The pixels.
        ///   - map: From original pixels to the sample's pixels.
        ///   - objects: In original pixels.
        public init(
            imageID: COCOIdentifier, pixels: ImagePyramid, map: AffineMap,
            objects: [DetectionObject]
        ) {
            self.imageID = imageID
            self.pixels = pixels
            self.map = map
            self.objects = objects
        }
    }

    /// Size in pixels.
    public var size: ImageSize
    /// The images; they do not overlap.
    public var layers: [Layer]
    /// The colour changes, the same for all images.
    public var colorChange = ColorChange()

    /// Makes a sample of one size from its images.
    ///
    /// - Parameters:
    ///   - size: In pixels.
    ///   - layers: The images, which do not overlap; the first one names the sample.
    public init(size: ImageSize, layers: [Layer]) {
        self.size = size
        self.layers = layers
    }

    /// Maps all images, and with them their objects, onto a canvas of another size.
    ///
    /// - Parameters:
    ///   - map: From the present pixels to the new ones.
    ///   - size: Of the new canvas.
    public mutating func transform(by map: AffineMap, to size: ImageSize) {
        for index in layers.indices { layers[index].map = layers[index].map.then(map) }
        self.size = size
    }

    /// The objects that can still be seen, in the sample's pixels.
    ///
    /// - Parameter rule: Which clipped boxes still count; crowds only need the least side.
    /// - Returns: Boxes clipped to the sample, with labels and ids.
    public func targets(_ rule: BoxRule) -> ImageTargets {
        var targets = ImageTargets(sample: self)
        for layer in layers {
            for object in layer.objects {
                let whole = layer.map(object.box)
                let box = whole.clipped(to: size)
                if object.isCrowd {
                    if min(box.width, box.height) > rule.minSide { targets.ignored.append(box) }
                } else if rule.keeps(box, of: whole) {
                    targets.boxes.append(box)
                    targets.labels.append(object.label)
                    targets.annotationIDs.append(object.annotationID)
                    targets.polygons.append(object.polygons.map { $0.map { layer.map($0) } })
                }
            }
        }
        return targets
    }
}
