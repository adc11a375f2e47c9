/// `y[i] = f(x[i])` for `count` elements: source, destination, count.
public typealias UnaryKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
    ) -> Void

/// `y[i] = f(a[i], b[i])` for `count` elements: two sources, destination, count.
public typealias BinaryKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
    ) -> Void

/// `y[i] = factor x[i]` for `count` elements: source, factor, destination, count.
public typealias ScalingKernel =
    @Sendable (
        UnsafePointer<Float>, Float, UnsafeMutablePointer<Float>, Int
    ) -> Void

/// Kernels that work element by element.
public struct ElementwiseKernels: Sendable {
    /// `a + b`.
    public let add: BinaryKernel
    /// `a - b`.
    public let subtract: BinaryKernel
    /// `a b`.
    public let multiply: BinaryKernel
    /// `factor x`.
    public let scale: ScalingKernel
    /// `max(x, 0)`.
    public let relu: UnaryKernel
    /// `dy` where `y > 0`, else 0; sources are `dy` and `y`.
    public let reluPullback: BinaryKernel

    /// Makes the group.
    public init(
        add: @escaping BinaryKernel, subtract: @escaping BinaryKernel,
        multiply: @escaping BinaryKernel, scale: @escaping ScalingKernel,
        relu: @escaping UnaryKernel, reluPullback: @escaping BinaryKernel
    ) {
        self.add = add
        self.subtract = subtract
        self.multiply = multiply
        self.scale = scale
        self.relu = relu
        self.reluPullback = reluPullback
    }
}
