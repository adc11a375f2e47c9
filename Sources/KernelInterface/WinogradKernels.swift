/// Where the pixels of a tile and the elements of its transform lie.
///
/// Pixel `(i, j)` begins at `i * rowStride + j * pixelStride`. Element `e` of the transform keeps
/// channel `c` at `e * elementStride + c / panelWidth * panelStride + c % panelWidth`, and
/// `panelRow` rows of the panel further.
public struct WinogradTile: Sendable {
    /// Channels of a pixel.
    public var channels: Int
    /// From one pixel to the next of its row.
    public var pixelStride: Int
    /// From one row of pixels to the next.
    public var rowStride: Int
    /// From one element of the transform to the next.
    public var elementStride: Int
    /// From one panel of channels to the next.
    public var panelStride: Int
    /// Row of the panels that the tile fills, when each panel holds many tiles; else 0.
    public var panelRow: Int
    /// Rows of output pixels that lie inside of the image; 4 except at its end.
    public var validRows: Int
    /// Columns of output pixels that lie inside of the image.
    public var validColumns: Int
    /// What is added to every output pixel, or nil.
    public nonisolated(unsafe) var bias: UnsafePointer<Float>?

    /// Makes a whole tile.
    ///
    /// - Parameters:
    ///   - channels: Channels of a pixel.
    ///   - pixelStride: From one pixel to the next.
    ///   - rowStride: From one row of pixels to the next.
    ///   - elementStride: From one element of the transform to the next.
    ///   - panelStride: From one panel of channels to the next.
    public init(
        channels: Int, pixelStride: Int, rowStride: Int, elementStride: Int, panelStride: Int
    ) {
        self.channels = channels
        self.pixelStride = pixelStride
        self.rowStride = rowStride
        self.elementStride = elementStride
        self.panelStride = panelStride
        panelRow = 0
        validRows = 4
        validColumns = 4
        bias = nil
    }
}

/// The transforms of the minimal filtering algorithm F(4x4, 3x3).
///
/// `y = A'[(G w G') * (B' x B)]A`, elementwise in the middle (Winograd 1980; Lavin and Gray 2016),
/// built on the points 0, 3/4, -3/4, 3/2, -3/2 and infinity: with them the error of sums over 64
/// to 256 channels is about twice that of plain summation, and a quarter of that of the usual 0,
/// 1, -1, 2, -2. Each transform but `weight` needs working memory of 36 vectors.
public struct WinogradKernels: Sendable {
    /// `(source, destination, geometry, working memory)` of a tile's transform.
    public typealias Transform =
        @Sendable (
            UnsafePointer<Float>, UnsafeMutablePointer<Float>, WinogradTile,
            UnsafeMutablePointer<Float>
        ) -> Void

    /// Elements of a transformed tile.
    public static let elements = 36
    /// Rows and columns of output pixels of a tile.
    public static let tile = 4
    /// Rows and columns of input pixels of a tile.
    public static let inputTile = 6

    /// `B' x B`: 6x6 pixels to 36 elements.
    public let input: Transform
    /// `A' m A`: 36 elements to the valid ones of 4x4 pixels.
    public let output: Transform
    /// `A y A'`: 4x4 pixels to 36 elements, the transpose of `output`.
    public let outputPullback: Transform
    /// `G' u G`: 36 elements to the 9 of a kernel, the transpose of `weight`.
    public let weightPullback: Transform
    /// `G w G'`: nine panels to 36; the source's taps are as far apart as `rowStride` says.
    public let weight: Transform

    /// Makes the group.
    ///
    /// - Parameters:
    ///   - input: `B' x B`.
    ///   - output: `A' m A`.
    ///   - outputPullback: `A y A'`.
    ///   - weight: `G w G'`.
    ///   - weightPullback: `G' u G`.
    public init(
        input: @escaping Transform, output: @escaping Transform,
        outputPullback: @escaping Transform, weight: @escaping Transform,
        weightPullback: @escaping Transform
    ) {
        self.input = input
        self.output = output
        self.outputPullback = outputPullback
        self.weight = weight
        self.weightPullback = weightPullback
    }
}
