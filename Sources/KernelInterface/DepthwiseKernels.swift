/// The sizes of a depth-wise convolution; maps are `[H, W, C]`, weights `[kh, kw, C]`.
///
/// The same sizes describe the gradient of the input: a convolution of `dy`, its elements
/// `spacing` apart with zeros between, by the weights turned around.
public struct DepthwiseGeometry: Sendable {
    /// Height and width of the source map.
    public var source: MapExtent
    /// Height and width of the destination.
    public var destination: MapExtent
    /// Height and width of the kernel.
    public var kernel: MapExtent
    /// Rows and columns of zeros above and to the left; may be negative.
    public var padding: MapExtent
    /// Step of the window in rows and columns.
    public var stride: Int
    /// Distance of neighbouring taps.
    public var dilation: Int
    /// Distance of neighbouring source elements, with zeros between; 1 for none.
    public var spacing: Int
    /// Number of channels.
    public var channels: Int
    /// Floats between the channels of a source pixel and those of the next: other than 0 where the
    /// source is a part of the channels of a map, which small windows read in place.
    public var sourceGap = 0
    /// From one pixel of the source to the next, in floats.
    public var sourceStride: Int { channels + sourceGap }

    /// Makes the sizes of a forward convolution.
    ///
    /// - Parameters:
    ///   - source: Height and width of the source map.
    ///   - destination: Height and width of the destination.
    ///   - kernel: Height and width of the kernel.
    ///   - channels: Number of channels.
    public init(source: MapExtent, destination: MapExtent, kernel: MapExtent, channels: Int) {
        self.source = source
        self.destination = destination
        self.kernel = kernel
        self.channels = channels
        padding = MapExtent(height: 0, width: 0)
        stride = 1
        dilation = 1
        spacing = 1
    }
}

/// Height and width of a map.
public struct MapExtent: Sendable, Hashable {
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int

    /// Makes an extent.
    ///
    /// - Parameters:
    ///   - height: Rows.
    ///   - width: Columns.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }
}

/// A part of one sample: some rows of the destination, some channels.
public struct DepthwiseBlock: Sendable {
    /// First row of the destination.
    public var firstRow: Int
    /// Number of rows.
    public var rowCount: Int
    /// First channel.
    public var firstChannel: Int
    /// Number of channels.
    public var channelCount: Int

    /// Makes a block.
    ///
    /// - Parameters:
    ///   - rows: Rows of the destination.
    ///   - channels: Channels.
    public init(rows: Range<Int>, channels: Range<Int>) {
        firstRow = rows.lowerBound
        rowCount = rows.count
        firstChannel = channels.lowerBound
        channelCount = channels.count
    }
}

/// What a depth-wise convolution reads and writes; maps begin at one sample.
public struct DepthwiseOperands {
    /// The source map.
    public let x: UnsafePointer<Float>
    /// The weights.
    public let weight: UnsafePointer<Float>
    /// The bias, or nil.
    public let bias: UnsafePointer<Float>?
    /// The destination.
    public let y: UnsafeMutablePointer<Float>

    /// Makes a list of operands.
    public init(
        x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        y: UnsafeMutablePointer<Float>
    ) {
        self.x = x
        self.weight = weight
        self.bias = bias
        self.y = y
    }
}

/// What a weight gradient reads and writes; maps begin at one sample.
public struct DepthwiseGradientOperands {
    /// The source map.
    public let x: UnsafePointer<Float>
    /// The gradient of the destination.
    public let dy: UnsafePointer<Float>
    /// Sums over the block's rows: `[kh, kw, C]`, then `[C]` for the bias.
    public let sums: UnsafeMutablePointer<Float>

    /// Makes a list of operands.
    public init(
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>
    ) {
        self.x = x
        self.dy = dy
        self.sums = sums
    }
}

/// What the gradient of the input reads and writes; the map begins at one sample.
public struct DepthwiseInputGradient {
    /// The weights.
    public let weight: UnsafePointer<Float>
    /// The gradient of the source map.
    public let dx: UnsafeMutablePointer<Float>

    /// Makes a list of operands.
    public init(weight: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>) {
        self.weight = weight
        self.dx = dx
    }
}

/// Computes one block of a depth-wise convolution: operands, sizes, block, working memory.
public typealias DepthwiseKernel =
    @Sendable (
        DepthwiseOperands, DepthwiseGeometry, DepthwiseBlock, UnsafeMutablePointer<Float>
    ) -> Void

/// Computes one block of the weight gradient: operands, sizes, block, working memory.
public typealias DepthwiseGradientKernel =
    @Sendable (
        DepthwiseGradientOperands, DepthwiseGeometry, DepthwiseBlock, UnsafeMutablePointer<Float>
    ) -> Void

/// Computes both gradients of one sample for the channels of a block, whose rows are not looked at.
public typealias DepthwiseGradientsKernel =
    @Sendable (
        DepthwiseGradientOperands, DepthwiseInputGradient, DepthwiseGeometry, DepthwiseBlock
    ) -> Void

/// Depth-wise convolution, vectors along the channels.
///
/// 3x3 and 5x5 windows with stride 1, rows and columns are computed straight from the map, all
/// channels of a tile of pixels together. For other windows a few channels of the source rows are first copied to working
/// memory, with zero borders, so that the loops over taps have no branches.
public struct DepthwiseKernels: Sendable {
    /// Channels that are best computed together where a copy is made; more are taken in turn.
    public let channelBlock: Int
    /// Whether the sizes are computed straight from the map; blocks then need `channelBlock`
    /// channels at least.
    public let isDirect: @Sendable (DepthwiseGeometry) -> Bool
    /// Floats of working memory for blocks of at most the given number of rows.
    public let scratchCount: @Sendable (DepthwiseGeometry, Int) -> Int
    /// The convolution.
    public let convolve: DepthwiseKernel
    /// The convolution by weights turned around: the gradient of the input.
    public let convolveFlipped: DepthwiseKernel
    /// The gradient of weight and bias.
    public let weightGradient: DepthwiseGradientKernel
    /// Whether the sizes are those of a 3x3 convolution with a stride, so that `stridedGradients`
    /// computes its gradients.
    public let isStrided: @Sendable (DepthwiseGeometry) -> Bool
    /// Both gradients of a convolution with a stride, without working memory.
    public let stridedGradients: DepthwiseGradientsKernel

    /// Makes the group.
    public init(
        channelBlock: Int, isDirect: @escaping @Sendable (DepthwiseGeometry) -> Bool,
        scratchCount: @escaping @Sendable (DepthwiseGeometry, Int) -> Int,
        convolve: @escaping DepthwiseKernel, convolveFlipped: @escaping DepthwiseKernel,
        weightGradient: @escaping DepthwiseGradientKernel,
        isStrided: @escaping @Sendable (DepthwiseGeometry) -> Bool,
        stridedGradients: @escaping DepthwiseGradientsKernel
    ) {
        self.channelBlock = channelBlock
        self.isDirect = isDirect
        self.scratchCount = scratchCount
        self.convolve = convolve
        self.convolveFlipped = convolveFlipped
        self.weightGradient = weightGradient
        self.isStrided = isStrided
        self.stridedGradients = stridedGradients
    }
}
