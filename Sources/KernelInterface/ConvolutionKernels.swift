/// The patches of an image batch `[N, height, width, channels]` that a convolution looks at.
///
/// Row `(n, y, x)` of the patch matrix holds `rowTaps` by `columnTaps` pixels, those from
/// `(y * step + top, x * step + left)` on; pixels outside of the image are zero.
public struct PatchGeometry: Sendable {
    /// Rows of pixels of an image.
    public var height: Int
    /// Pixels of a row.
    public var width: Int
    /// Floats of a pixel.
    public var channels: Int
    /// Patches from top to bottom.
    public var outputHeight: Int
    /// Patches from left to right.
    public var outputWidth: Int
    /// Pixels from one patch to the next, both ways.
    public var step: Int
    /// Row of the first patch's first pixel; negative inside the padding.
    public var top: Int
    /// Column of the first patch's first pixel.
    public var left: Int
    /// Rows of a patch.
    public var rowTaps: Int
    /// Columns of a patch.
    public var columnTaps: Int

    /// Floats of a patch.
    public var depth: Int { rowTaps * columnTaps * channels }

    /// Makes the geometry of patches of one pixel at each pixel.
    ///
    /// - Parameters:
    ///   - height: Rows of pixels of an image.
    ///   - width: Pixels of a row.
    ///   - channels: Floats of a pixel.
    public init(height: Int, width: Int, channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
        outputHeight = height
        outputWidth = width
        step = 1
        top = 0
        left = 0
        rowTaps = 1
        columnTaps = 1
    }
}

/// A run of rows of the patch matrix, and where they go.
public struct PatchRows: Sendable {
    /// The first row.
    public var first: Int
    /// Number of rows.
    public var count: Int
    /// Floats from one row of the copy to the next.
    public var stride: Int

    /// Makes a run.
    ///
    /// - Parameters:
    ///   - first: The first row.
    ///   - count: Number of rows.
    ///   - stride: Floats from one row of the copy to the next.
    public init(first: Int, count: Int, stride: Int) {
        self.first = first
        self.count = count
        self.stride = stride
    }
}

/// Kernels of convolutions.
public struct ConvolutionKernels: Sendable {
    /// Copies rows of the patch matrix: images, destination, geometry, rows.
    public let gatherPatches:
        @Sendable (
            UnsafePointer<Float>, UnsafeMutablePointer<Float>, PatchGeometry, PatchRows
        ) -> Void

    /// Makes the group.
    ///
    /// - Parameter gatherPatches: Copies rows of the patch matrix.
    public init(
        gatherPatches:
            @escaping @Sendable (
                UnsafePointer<Float>, UnsafeMutablePointer<Float>, PatchGeometry, PatchRows
            ) -> Void
    ) {
        self.gatherPatches = gatherPatches
    }
}
