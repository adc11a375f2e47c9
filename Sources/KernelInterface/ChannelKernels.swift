/// `y = f(x, s)` with one factor a channel: matrix, factors, destination, extent.
public typealias ChannelScalingKernel = BinaryRowKernel

/// `y = x s + t` channel by channel: matrix, `s`, `t`, destination, extent.
public typealias ChannelAffineKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, RowExtent
    ) -> Void

/// `y = x + f s b` channel by channel: `x`, branch `b`, `s`, factor `f`, destination, extent.
public typealias ResidualKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Float,
        UnsafeMutablePointer<Float>, RowExtent
    ) -> Void

/// `y = a p + b q + c` channel by channel.
///
/// Matrices `p` and `q`; `a`, `b` and `c` in one block of three rows; destination, extent.
public typealias ChannelBlendKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, RowExtent
    ) -> Void

/// Sums over the rows for each channel: matrices `a` and `b`, means, two rows of results, extent.
public typealias CentredSumsKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, RowExtent
    ) -> Void

/// Kernels on `[rows, channels]` with vectors along the channels.
///
/// Sums run over the rows that they are given; callers cut long matrices into fixed blocks and
/// add the results in order.
public struct ChannelKernels: Sendable {
    /// `x s`.
    public let scale: ChannelScalingKernel
    /// `x s + t`.
    public let affine: ChannelAffineKernel
    /// `x + f s b`.
    public let addScaled: ResidualKernel
    /// `a p + b q + c`.
    public let blend: ChannelBlendKernel
    /// `sum(x)` of each channel.
    public let sum: RowKernel
    /// `sum(a b)` of each channel.
    public let dot: BinaryRowKernel
    /// The means, then `sum((x - mean)^2)`, two rows of results.
    public let moments: RowKernel
    /// `sum(a)`, then `sum(a (b - mean))`.
    public let centredSums: CentredSumsKernel

    /// Makes the group.
    public init(
        scale: @escaping ChannelScalingKernel, affine: @escaping ChannelAffineKernel,
        addScaled: @escaping ResidualKernel, blend: @escaping ChannelBlendKernel,
        sum: @escaping RowKernel, dot: @escaping BinaryRowKernel,
        moments: @escaping RowKernel, centredSums: @escaping CentredSumsKernel
    ) {
        self.scale = scale
        self.affine = affine
        self.addScaled = addScaled
        self.blend = blend
        self.sum = sum
        self.dot = dot
        self.moments = moments
        self.centredSums = centredSums
    }
}
