/// The operands of a row-wise normalisation.
public struct RowNormalization: Sendable {
    /// Rows and channels.
    public let extent: RowExtent
    /// Added to the variance before the root.
    public let epsilon: Float

    /// Makes the operands.
    ///
    /// - Parameters:
    ///   - extent: Rows and channels.
    ///   - epsilon: Added to the variance before the root.
    public init(extent: RowExtent, epsilon: Float) {
        self.extent = extent
        self.epsilon = epsilon
    }
}

/// `y = (x - mean) / sqrt(variance + epsilon) w + b` along each row: `x`, `w`, `b`, `y`, sizes.
public typealias LayerNormKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, RowNormalization
    ) -> Void

/// Gradients along each row: `dy`, `x`, `w`, destination `dx`, two rows `dw` and `db`, sizes.
public typealias LayerNormPullbackKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, RowNormalization
    ) -> Void

/// Normalisation along the channels.
public struct NormalizationKernels: Sendable {
    /// The normalised rows, by two passes over each.
    public let layerNorm: LayerNormKernel
    /// `dx` of each row, and the sums of `dw` and `db` over the rows.
    public let layerNormPullback: LayerNormPullbackKernel

    /// Makes the group.
    public init(
        layerNorm: @escaping LayerNormKernel,
        layerNormPullback: @escaping LayerNormPullbackKernel
    ) {
        self.layerNorm = layerNorm
        self.layerNormPullback = layerNormPullback
    }
}
