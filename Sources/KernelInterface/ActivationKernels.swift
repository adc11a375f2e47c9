/// Rows and channels of a matrix whose rows follow each other without a gap.
public struct RowExtent: Sendable {
    /// Number of rows.
    public let rows: Int
    /// Elements of a row.
    public let channels: Int

    /// Makes an extent.
    ///
    /// - Parameters:
    ///   - rows: Number of rows.
    ///   - channels: Elements of a row.
    public init(rows: Int, channels: Int) {
        self.rows = rows
        self.channels = channels
    }
}

/// `y = f(x)` for each row of a matrix: source, destination, extent.
public typealias RowKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafeMutablePointer<Float>, RowExtent
    ) -> Void

/// `y = f(a, b)` for each row of a matrix: two sources, destination, extent.
public typealias BinaryRowKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, RowExtent
    ) -> Void

/// A function and its pullback at once: the gradient, which is changed in place, source, function,
/// number of elements.
public typealias UnaryPullbackKernel =
    @Sendable (
        UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
    ) -> Void

/// Activations and their pullbacks; all rest on one exponential, within 2 units in the last place.
public struct ActivationKernels: Sendable {
    /// `exp(x)`; 0 below -86.9, infinite above 88.73.
    public let exponential: UnaryKernel
    /// `x P(x)` with the normal distribution function, exact within 3e-7 of `max(1, |x|)`.
    public let gelu: UnaryKernel
    /// `dy (P(x) + x p(x))`, the slope exact within 5e-7; sources are `dy` and `x`.
    public let geluPullback: BinaryKernel
    /// `dx = dx (P(x) + x p(x))` in place and `y = x P(x)`: `dx`, `x`, `y`, number of elements.
    public let geluAndPullback: UnaryPullbackKernel
    /// `1 / (1 + exp(-x))`.
    public let sigmoid: UnaryKernel
    /// `dy y (1 - y)`; sources are `dy` and `y`.
    public let sigmoidPullback: BinaryKernel
    /// `x / (1 + exp(-x))`.
    public let silu: UnaryKernel
    /// `dy s (1 + x (1 - s))`; sources are `dy` and `x`.
    public let siluPullback: BinaryKernel
    /// `exp(x - max) / sum(exp(x - max))` along each row.
    public let softmax: RowKernel
    /// `y (dy - sum(y dy))` along each row; sources are `dy` and `y`.
    public let softmaxPullback: BinaryRowKernel

    /// Makes the group.
    public init(
        exponential: @escaping UnaryKernel, gelu: @escaping UnaryKernel,
        geluPullback: @escaping BinaryKernel, geluAndPullback: @escaping UnaryPullbackKernel,
        sigmoid: @escaping UnaryKernel,
        sigmoidPullback: @escaping BinaryKernel, silu: @escaping UnaryKernel,
        siluPullback: @escaping BinaryKernel, softmax: @escaping RowKernel,
        softmaxPullback: @escaping BinaryRowKernel
    ) {
        self.exponential = exponential
        self.gelu = gelu
        self.geluPullback = geluPullback
        self.geluAndPullback = geluAndPullback
        self.sigmoid = sigmoid
        self.sigmoidPullback = sigmoidPullback
        self.silu = silu
        self.siluPullback = siluPullback
        self.softmax = softmax
        self.softmaxPullback = softmaxPullback
    }
}
