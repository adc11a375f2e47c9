import Imaging

/// A decoded image at halving sizes, so that a reduction averages instead of skipping pixels.
///
/// Level by level the size halves (mean of two by two). A warp reads the smallest level that is
/// still at least as fine as its target, by bilinear sampling: training and evaluation alike.
public final class ImagePyramid: Sendable {
    /// Size of the image as stored in the file, after EXIF orientation.
    public let originalSize: ImageSize
    /// The levels, finest first.
    let levels: [Level]
    /// Mean of all samples, 0 to 255.
    let mean: Double

    /// One size of the image.
    struct Level: Sendable {
        /// Original pixels a pixel of this level: 1, 2, 4, ...
        let reduction: Int
        let raster: Raster
    }

    private static let smallestSide = 16

    /// Makes the levels of an image.
    ///
    /// - Parameters:
    ///   - image: Of any kind; becomes 8-bit RGB.
    ///   - originalSize: Of the file, if the decoder reduced it to 1/2, 1/4 or 1/8.
    ///   - reduction: Levels finer than this many original pixels a pixel are not kept.
    ///   - window: What becomes black and white of 16-bit samples.
    public init(
        _ image: Image, originalSize: ImageSize? = nil, reduction: Int = 1,
        window: IntensityWindow = .full
    ) {
        let full = originalSize ?? image.size
        var level = Level(
            reduction: Self.reduction(from: full, to: image.size),
            raster: Raster(image.toRGB8(window: window)))
        while level.reduction < reduction { level = level.halved }
        var levels = [level]
        while min(level.raster.width, level.raster.height) >= 2 * Self.smallestSide {
            level = level.halved
            levels.append(level)
        }
        self.levels = levels
        self.originalSize = full
        mean = level.raster.mean
    }

    /// Bytes of all levels.
    public var byteCount: Int { levels.reduce(0) { $0 + $1.raster.bytes.count } }

    /// The coarsest level that has at least one pixel for each target pixel, else the finest.
    ///
    /// - Parameter scale: Target pixels an original pixel.
    /// - Returns: The level to sample.
    func level(for scale: Double) -> Level {
        let tolerance = 1.001
        return levels.last { Double($0.reduction) * scale <= tolerance } ?? levels[0]
    }

    /// The power of two between the two sizes of a reduced image.
    private static func reduction(from full: ImageSize, to size: ImageSize) -> Int {
        [1, 2, 4].first {
            size.width >= (full.width + $0 - 1) / $0 && size.height >= (full.height + $0 - 1) / $0
        } ?? 8
    }
}

extension ImagePyramid.Level {
    fileprivate var halved: ImagePyramid.Level {
        ImagePyramid.Level(reduction: reduction * 2, raster: raster.halved)
    }
}
