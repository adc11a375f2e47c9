/// One of the maps that are chosen between, `[rows, channels]`, and the gates of its channels.
public struct SelectionMap {
    /// The map.
    public let x: UnsafePointer<Float>
    /// One gate a channel.
    public let gates: UnsafePointer<Float>

    /// Makes a map.
    ///
    /// - Parameters:
    ///   - x: The map.
    ///   - gates: One gate a channel.
    public init(x: UnsafePointer<Float>, gates: UnsafePointer<Float>) {
        self.x = x
        self.gates = gates
    }
}

/// What a choice between three maps reads: `y[r, c] = sum over k of x_k[r, c] g_k[c] s[r, k]`.
public struct SelectionOperands {
    /// The first map.
    public let first: SelectionMap
    /// The second map.
    public let second: SelectionMap
    /// The third map.
    public let third: SelectionMap
    /// The weights, `[rows, 3]`.
    public let weights: UnsafePointer<Float>

    /// Makes the operands.
    ///
    /// - Parameters:
    ///   - first: The first map.
    ///   - second: The second map.
    ///   - third: The third map.
    ///   - weights: `[rows, 3]`.
    public init(
        first: SelectionMap, second: SelectionMap, third: SelectionMap,
        weights: UnsafePointer<Float>
    ) {
        self.first = first
        self.second = second
        self.third = third
        self.weights = weights
    }
}

/// One map of a choice between three kernels, and where its gradients go.
public struct SelectionBranch {
    /// The map.
    public let map: SelectionMap
    /// The weight of the first row; those of the next rows follow three floats apart.
    public let weights: UnsafePointer<Float>
    /// Gets the gradient of the map.
    public let dx: UnsafeMutablePointer<Float>
    /// Gets the sums over these rows for the gates.
    public let dGates: UnsafeMutablePointer<Float>
    /// Gets the gradients of the weights, three floats apart.
    public let dWeights: UnsafeMutablePointer<Float>

    /// Makes a branch.
    ///
    /// - Parameters:
    ///   - map: The map.
    ///   - weights: The weight of the first row.
    ///   - dx: Gets the gradient of the map.
    ///   - dGates: Gets the sums over these rows for the gates.
    ///   - dWeights: Gets the gradients of the weights.
    public init(
        map: SelectionMap, weights: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>,
        dGates: UnsafeMutablePointer<Float>, dWeights: UnsafeMutablePointer<Float>
    ) {
        self.map = map
        self.weights = weights
        self.dx = dx
        self.dGates = dGates
        self.dWeights = dWeights
    }
}

/// `y = x + s (z - x)` with one weight a row: `x`, `z`, `s`, destination, extent.
public typealias BlendingKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, RowExtent
    ) -> Void

/// Four pixels of a map around a place, and where it lies between them.
public struct PixelMixture {
    /// The row above: first the left pixel.
    public let upper: UnsafePointer<Float>
    /// The row below: first the left pixel.
    public let lower: UnsafePointer<Float>
    /// Floats from the left pixel to the right one.
    public let step: Int
    /// The weight of the lower row, 0 to 1.
    public let rowWeight: Float
    /// The weight of the right column, 0 to 1.
    public let columnWeight: Float

    /// Makes a mixture.
    ///
    /// - Parameters:
    ///   - upper: The left pixel of the row above.
    ///   - lower: The left pixel of the row below.
    ///   - step: Floats from the left pixel to the right one.
    ///   - rowWeight: The weight of the lower row.
    ///   - columnWeight: The weight of the right column.
    public init(
        upper: UnsafePointer<Float>, lower: UnsafePointer<Float>, step: Int, rowWeight: Float,
        columnWeight: Float
    ) {
        self.upper = upper
        self.lower = lower
        self.step = step
        self.rowWeight = rowWeight
        self.columnWeight = columnWeight
    }
}

/// The mixture of four pixels: pixels and weights, destination, channels.
public typealias PixelMixingKernel =
    @Sendable (PixelMixture, UnsafeMutablePointer<Float>, Int) -> Void

/// Kernels on `[rows, channels]` with something of its own for each row: a position of a map.
public struct PositionKernels: Sendable {
    /// `y[r] = sum over c of a[r, c] b[r, c]`.
    public let dot: BinaryRowKernel
    /// `y[r, c] = x[r, c] s[r]`; sources are `x` and `s`.
    public let scale: BinaryRowKernel
    /// `y = x + s (z - x)`.
    public let blend: BlendingKernel
    /// The mean and the largest element of each row, `[rows, 2]`.
    public let summary: RowKernel
    /// The gradient of `summary`; sources are `dy [rows, 2]` and `x`.
    ///
    /// Of equal largest elements the first gets the gradient.
    public let summaryPullback: BinaryRowKernel
    /// A choice between three maps: operands, destination, extent.
    public let select: @Sendable (SelectionOperands, UnsafeMutablePointer<Float>, RowExtent) -> Void
    /// The gradients of one of the maps: `dy`, the map, extent.
    public let selectPullback: @Sendable (UnsafePointer<Float>, SelectionBranch, RowExtent) -> Void
    /// The bilinear mixture of four pixels.
    public let mixPixels: PixelMixingKernel
    /// `y += w x`: source, factor, destination, count.
    public let accumulate: ScalingKernel

    /// Makes the group.
    public init(
        dot: @escaping BinaryRowKernel, scale: @escaping BinaryRowKernel,
        blend: @escaping BlendingKernel, summary: @escaping RowKernel,
        summaryPullback: @escaping BinaryRowKernel,
        select:
            @escaping @Sendable (
                SelectionOperands, UnsafeMutablePointer<Float>, RowExtent
            ) -> Void,
        selectPullback:
            @escaping @Sendable (UnsafePointer<Float>, SelectionBranch, RowExtent) -> Void,
        mixPixels: @escaping PixelMixingKernel, accumulate: @escaping ScalingKernel
    ) {
        self.dot = dot
        self.scale = scale
        self.blend = blend
        self.summary = summary
        self.summaryPullback = summaryPullback
        self.select = select
        self.selectPullback = selectPullback
        self.mixPixels = mixPixels
        self.accumulate = accumulate
    }
}
