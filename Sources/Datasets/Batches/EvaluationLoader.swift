import Annotations
import Imaging
import Tensors

/// One image as the input of a network, with the way back to its own pixels.
public struct EvaluationInput: Sendable {
    /// Normalised pixels, `[1, height, width, 3]`.
    public let input: Tensor
    /// The image's size, the part of the input that shows it, and the map between them.
    public let placement: Placement
    /// Size of the image after EXIF orientation.
    public let originalSize: ImageSize

    /// A box of the network's output in pixels of the original image, clipped to it.
    ///
    /// - Parameter box: In input pixels.
    /// - Returns: In original pixels.
    public func original(_ box: BoxXYXY) -> BoxXYXY {
        (placement.map.inverse ?? .identity)(box).clipped(to: originalSize)
    }
}

extension Preprocessing {
    /// Decodes a file and makes it the input of a network, as evaluation and prediction do.
    ///
    /// A JPEG that shrinks to half or less is decoded at reduced size.
    ///
    /// - Parameter path: The file.
    /// - Returns: The input and the way back.
    /// - Throws: `ImageError` of the decoder.
    public func input(path: String) throws(ImageError) -> EvaluationInput {
        input(try decoded(path: path))
    }

    /// Decodes a file as its input needs it.
    ///
    /// - Parameter path: The file.
    /// - Returns: The image, reduced if it is a JPEG that shrinks to half or less.
    /// - Throws: `ImageError` of the decoder.
    public func decoded(path: String) throws(ImageError) -> DecodedImage {
        let size = try ImageDecoder.header(path: path)
        return try ImagePyramid.decode(path: path, size: size, reduction: reduction(of: size))
    }

    /// Makes a decoded file the input of a network.
    ///
    /// - Parameter decoded: As `decoded(path:)` gives it.
    /// - Returns: The input and the way back.
    public func input(_ decoded: DecodedImage) -> EvaluationInput {
        input(
            ImagePyramid(
                decoded.image, originalSize: decoded.fullSize,
                reduction: reduction(of: decoded.fullSize), window: window))
    }

    private func reduction(of size: ImageSize) -> Int {
        Self.reduction(for: placement(of: size).map.meanScale)
    }

    /// Makes decoded pixels the input of a network.
    ///
    /// - Parameter pixels: Of the whole image.
    /// - Returns: The input and the way back.
    public func input(_ pixels: ImagePyramid) -> EvaluationInput {
        let size = pixels.originalSize
        let placement = placement(of: size)
        return EvaluationInput(
            input: input(pixels, map: placement.map, size: placement.inputSize),
            placement: placement, originalSize: size)
    }

    /// Draws an image under any map, as tiles and flipped copies need.
    ///
    /// - Parameters:
    ///   - pixels: Of the whole image.
    ///   - map: From original pixels to input pixels.
    ///   - size: Of the input.
    /// - Returns: Normalised pixels, `[1, height, width, 3]`.
    public func input(_ pixels: ImagePyramid, map: AffineMap, size: ImageSize) -> Tensor {
        let layer = Sample.Layer(
            imageID: .number(0), pixels: pixels, map: map, objects: [])
        let sample = Sample(size: size, layers: [layer])
        return Tensor(shape: [1, size.height, size.width, 3]) {
            SampleRenderer(self).render(sample, into: $0)
        }
    }
}

/// Decodes the images of a set for evaluation, ahead of their use, in order.
public final class EvaluationLoader: Sendable {
    /// An image of the set, or why it cannot be decoded.
    public struct Element: Sendable {
        /// The image.
        public let item: DetectionItem
        /// Its input, or the decoder's error.
        public let input: Result<EvaluationInput, ImageError>
    }

    private let prefetcher: OrderedPrefetcher<Element, Never>

    /// Starts loading.
    ///
    /// - Parameters:
    ///   - items: The images.
    ///   - preprocessing: Size and normalisation of inputs.
    ///   - workers: Threads that work ahead; 0 decodes each image when it is asked for.
    public init(_ items: [DetectionItem], preprocessing: Preprocessing, workers: Int) {
        prefetcher = OrderedPrefetcher(items.indices, threadCount: workers, depth: 4 * workers) {
            index in
            let item = items[index]
            return Element(
                item: item,
                input: Result { () throws(ImageError) in
                    try preprocessing.input(path: item.path)
                })
        }
    }

    /// The next image, or nil after the last one.
    ///
    /// - Returns: The image with its input or error.
    public func next() -> Element? { prefetcher.next() }
}
