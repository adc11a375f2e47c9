import Imaging
import Synchronization

/// Decodes images and keeps them in memory as long as a budget of bytes lasts.
///
/// Nothing is thrown out: in a stream that meets each image once a pass, the images that came
/// first are as good to keep as any, and the least recently used one would be the worst.
final class ImageCache: Sendable {
    private let budget: Int
    private let window: IntensityWindow
    private let state = Mutex(State())

    private struct State {
        var images: [Int: ImagePyramid] = [:]
        var bytes = 0
    }

    /// Makes an empty cache.
    ///
    /// - Parameters:
    ///   - budget: Bytes of decoded images, borders and smaller levels included.
    ///   - window: What becomes black and white of 16-bit samples.
    init(budget: Int, window: IntensityWindow) {
        self.budget = budget
        self.window = window
    }

    /// Bytes in use.
    var byteCount: Int { state.withLock { $0.bytes } }

    /// The pixels of an image.
    ///
    /// - Parameters:
    ///   - item: The image.
    ///   - index: Its index in the set, under which it is kept.
    ///   - reduction: By how much it may be reduced, a power of two.
    /// - Returns: The levels.
    /// - Throws: `ImageError` of the decoder.
    func pixels(
        of item: DetectionItem, at index: Int, reduction: Int
    ) throws(ImageError) -> ImagePyramid {
        if let kept = state.withLock({ $0.images[index] }) { return kept }
        let pixels = try ImagePyramid(
            path: item.path, size: item.size, reduction: reduction, window: window)
        state.withLock { state in
            let bytes = pixels.byteCount
            guard state.images[index] == nil, state.bytes + bytes <= budget else { return }
            state.images[index] = pixels
            state.bytes += bytes
        }
        return pixels
    }
}

extension ImagePyramid {
    /// Decodes a file, by DCT scaling where it may be reduced.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - size: Of the original image.
    ///   - reduction: Levels finer than this many original pixels a pixel are not kept.
    ///   - window: What becomes black and white of 16-bit samples.
    /// - Throws: `ImageError` of the decoder.
    convenience init(
        path: String, size: ImageSize, reduction: Int, window: IntensityWindow
    ) throws(ImageError) {
        let decoded = try Self.decode(path: path, size: size, reduction: reduction)
        self.init(
            decoded.image, originalSize: decoded.fullSize, reduction: reduction, window: window)
    }

    /// Decodes a file, by DCT scaling where it may be reduced.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - size: Of the original image.
    ///   - reduction: Original pixels a pixel that may be lost on each axis.
    /// - Returns: The image, perhaps at a part of its size.
    /// - Throws: `ImageError` of the decoder.
    static func decode(
        path: String, size: ImageSize, reduction: Int
    ) throws(ImageError) -> DecodedImage {
        let least = ImageSize(
            width: max(1, size.width / reduction), height: max(1, size.height / reduction))
        return try ImageDecoder.decode(path: path, minimumSize: reduction > 1 ? least : nil)
    }
}
