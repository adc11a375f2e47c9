/// One run of pixels of an affine bilinear warp, with a linear map of the colours.
///
/// Arguments: the first source pixel (RGB, 8 bits), bytes a source row, the walk, the colours,
/// the destination (three floats a pixel), pixels. The walk is `x, y, dx, dy` in `2^-24` source
/// pixels: where the first destination pixel looks, relative to the centre of the first source
/// pixel, and the step from one to the next. The colours are six vectors of four floats: the
/// contributions of red, green and blue samples, the offset, the lower and the upper bound.
/// Every position has `0 <= x < width - 1` and `0 <= y < height - 1`, and the source may be read
/// eight bytes past its end.
public typealias WarpKernel =
    @Sendable (
        UnsafePointer<UInt8>, Int, UnsafePointer<Int>, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, Int
    ) -> Void

/// Halves two rows of RGB pixels of 8 bits to one: upper row, lower row, destination, pixels.
public typealias HalvingKernel =
    @Sendable (
        UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>, Int
    ) -> Void

/// Kernels that resample images of 8 bits.
public struct WarpKernels: Sendable {
    /// A run of pixels of an affine warp, as floats.
    public let warp: WarpKernel
    /// The mean of each two by two pixels, rounded half up.
    public let halve: HalvingKernel

    /// Makes the group.
    public init(warp: @escaping WarpKernel, halve: @escaping HalvingKernel) {
        self.warp = warp
        self.halve = halve
    }
}
