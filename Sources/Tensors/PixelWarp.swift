import KernelInterface

/// The walk of a run of destination pixels through a source image, in `2^-24` source pixels.
///
/// Positions are relative to the centre of the first source pixel.
public struct PixelWalk: Hashable, Sendable {
    /// Fractional bits of positions and steps.
    public static let fractionBits = 24

    /// Column of the first pixel.
    public var x: Int
    /// Row of the first pixel.
    public var y: Int
    /// Step of the column from one pixel to the next.
    public var dx: Int
    /// Step of the row from one pixel to the next.
    public var dy: Int

    /// Makes a walk.
    public init(x: Int, y: Int, dx: Int, dy: Int) {
        self.x = x
        self.y = y
        self.dx = dx
        self.dy = dy
    }

    /// The walk that begins `count` pixels later.
    ///
    /// - Parameter count: Destination pixels.
    /// - Returns: The same steps from the later position.
    public func advanced(by count: Int) -> PixelWalk {
        PixelWalk(x: x + count * dx, y: y + count * dy, dx: dx, dy: dy)
    }
}

/// The linear map of colours that a warp applies: `clamp(red r + green g + blue b + offset)`.
///
/// Vectors hold the three channels of the result and an unused lane; samples are 0 to 255.
public struct ColorCoefficients: Hashable, Sendable {
    /// Contribution of the red sample.
    public var red: SIMD4<Float>
    /// Contribution of the green sample.
    public var green: SIMD4<Float>
    /// Contribution of the blue sample.
    public var blue: SIMD4<Float>
    /// What is added.
    public var offset: SIMD4<Float>
    /// The least result.
    public var low: SIMD4<Float>
    /// The greatest result.
    public var high: SIMD4<Float>

    /// Makes the map that keeps the samples as they are.
    public init() {
        red = [1, 0, 0, 0]
        green = [0, 1, 0, 0]
        blue = [0, 0, 1, 0]
        offset = [0, 0, 0, 0]
        low = [0, 0, 0, 0]
        high = [255, 255, 255, 0]
    }
}

/// Resampling of 8-bit RGB images into rows of floats; the door to the kernels for `Datasets`.
public enum PixelWarp {
    /// Bytes behind the last pixel of a source that may be read and never count.
    public static let sourceMargin = 8

    /// Weights of the four neighbours are 6 bits an axis, and the sums keep them.
    private static let weightScale: Float = 1 / 4096

    /// The coefficients as the kernel takes them.
    ///
    /// - Parameter colors: A map of samples from 0 to 255.
    /// - Returns: 24 floats.
    public static func packed(_ colors: ColorCoefficients) -> [Float] {
        let columns = [
            colors.red * weightScale, colors.green * weightScale, colors.blue * weightScale,
            colors.offset, colors.low, colors.high,
        ]
        return columns.flatMap { [$0.x, $0.y, $0.z, $0.w] }
    }

    /// Writes a run of pixels of an affine bilinear warp.
    ///
    /// Every position of the walk has `0 <= x < width - 1` and `0 <= y < height - 1`.
    ///
    /// - Parameters:
    ///   - source: The first pixel, RGB; may be read `sourceMargin` bytes past the last pixel.
    ///   - stride: Bytes a source row.
    ///   - walk: Where the pixels look.
    ///   - colors: 24 floats of `packed`.
    ///   - destination: Three floats a pixel.
    ///   - count: Pixels.
    public static func run(
        source: UnsafePointer<UInt8>, stride: Int, walk: PixelWalk, colors: [Float],
        destination: UnsafeMutablePointer<Float>, count: Int
    ) {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 4) { steps in
            guard let base = steps.baseAddress else { return }
            (base[0], base[1], base[2], base[3]) = (walk.x, walk.y, walk.dx, walk.dy)
            kernels.warp.warp(source, stride, base, colors, destination, count)
        }
    }

    /// Halves two rows of RGB pixels to one: each pixel is the mean of two by two.
    ///
    /// - Parameters:
    ///   - upper: `2 * count` pixels.
    ///   - lower: `2 * count` pixels.
    ///   - destination: `count` pixels.
    ///   - count: Pixels of the result.
    public static func halve(
        _ upper: UnsafePointer<UInt8>, _ lower: UnsafePointer<UInt8>,
        into destination: UnsafeMutablePointer<UInt8>, count: Int
    ) {
        kernels.warp.halve(upper, lower, destination, count)
    }
}
