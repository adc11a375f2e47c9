/// Rows of a matrix that attention reads or writes; they need not follow each other.
///
/// Row `i` begins at `base + indices[i] * stride`, or at `base + i * stride` without indices: so
/// windows and gathered regions are never copied into tensors of their own.
public struct AttentionRows: Sendable {
    // Pointers live as long as the call that the rows are made for.
    /// First element of the matrix.
    public nonisolated(unsafe) var base: UnsafeMutablePointer<Float>
    /// From one row of the matrix to the next, in floats.
    public var stride: Int
    /// Which rows of the matrix are meant, negative for `filler`; nil for all in order.
    public nonisolated(unsafe) var indices: UnsafePointer<Int32>?
    /// Number of rows.
    public var count: Int
    /// What stands for rows of a negative index, such as padding; written to, it is added to.
    public nonisolated(unsafe) var filler: UnsafeMutablePointer<Float>?
    /// Whether what is written is added to what stands there.
    public var adds = false

    /// Names rows.
    ///
    /// - Parameters:
    ///   - base: First element of the matrix.
    ///   - stride: From one row of the matrix to the next, in floats.
    ///   - indices: Which rows are meant; nil for all in order.
    ///   - count: Number of rows.
    public init(
        _ base: UnsafeMutablePointer<Float>, stride: Int, indices: UnsafePointer<Int32>? = nil,
        count: Int
    ) {
        self.base = base
        self.stride = stride
        self.indices = indices
        self.count = count
    }

    /// Names rows that are only read.
    ///
    /// - Parameters:
    ///   - base: First element of the matrix.
    ///   - stride: From one row of the matrix to the next, in floats.
    ///   - indices: Which rows are meant; nil for all in order.
    ///   - count: Number of rows.
    public init(
        reading base: UnsafePointer<Float>, stride: Int, indices: UnsafePointer<Int32>? = nil,
        count: Int
    ) {
        self.init(
            UnsafeMutablePointer(mutating: base), stride: stride, indices: indices, count: count)
    }

    /// Some of the rows.
    ///
    /// - Parameter range: Numbers of rows.
    /// - Returns: Those rows.
    public func part(_ range: Range<Int>) -> AttentionRows {
        var part = self
        part.count = range.count
        if let indices {
            part.indices = indices + range.lowerBound
        } else {
            part.base = base + range.lowerBound * stride
        }
        return part
    }
}

/// A copy between attention's rows and memory without gaps.
public struct AttentionCopy: Sendable {
    /// Elements of a row.
    public var width: Int
    /// From one row to the next in the other memory.
    public var stride: Int
    /// What every element is multiplied by.
    public var factor: Float

    /// Makes a copy.
    ///
    /// - Parameters:
    ///   - width: Elements of a row.
    ///   - stride: From one row to the next in the other memory.
    ///   - factor: What every element is multiplied by.
    public init(width: Int, stride: Int, factor: Float = 1) {
        self.width = width
        self.stride = stride
        self.factor = factor
    }
}

/// Scores of some queries: rows of `keys` numbers, padded to whole vectors.
public struct AttentionTile: Sendable {
    /// Number of queries.
    public var rows: Int
    /// Scores of a row.
    public var keys: Int
    /// From one row to the next: `keys` rounded up to whole vectors at least.
    public var stride: Int

    /// Makes a tile.
    ///
    /// - Parameters:
    ///   - rows: Number of queries.
    ///   - keys: Scores of a row.
    ///   - stride: From one row to the next.
    public init(rows: Int, keys: Int, stride: Int) {
        self.rows = rows
        self.keys = keys
        self.stride = stride
    }
}

/// Copies attention's rows into memory: rows, destination, geometry.
public typealias AttentionGatherKernel =
    @Sendable (AttentionRows, UnsafeMutablePointer<Float>, AttentionCopy) -> Void

/// What attention does beside its matrix products.
public struct AttentionKernels: Sendable {
    /// Copies rows into a row-major matrix.
    public let gather: AttentionGatherKernel
    /// Copies rows into panels, as a right operand `[rows, width]` of products; no stride.
    public let gatherPanels: AttentionGatherKernel
    /// Writes or adds a row-major matrix to rows: matrix, one factor a row or nil, rows, geometry.
    public let scatter:
        @Sendable (UnsafePointer<Float>, UnsafePointer<Float>?, AttentionRows, AttentionCopy) ->
            Void
    /// `exp(x - max)` of each row in place, 0 in the padding, and 1 over each row's sum.
    public let softmax:
        @Sendable (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, AttentionTile) -> Void
    /// Of numerators `p`, gradients `dp` and 1 over the sums: `p` becomes the probabilities, `dp`
    /// the gradient of the scores `p (dp - sum(p dp))`, 0 in the padding.
    public let softmaxPullback:
        @Sendable (
            UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafePointer<Float>,
            AttentionTile
        ) -> Void
    /// Attention by squares of queries and keys, without gradients.
    public let squares: AttentionSquareKernels

    /// Makes the group.
    ///
    /// - Parameters:
    ///   - gather: Copies rows into a matrix.
    ///   - gatherPanels: Copies rows into panels.
    ///   - scatter: Writes or adds a matrix to rows.
    ///   - softmax: Numerators and 1 over their sums.
    ///   - softmaxPullback: Probabilities and gradients of scores.
    ///   - squares: Attention by squares.
    public init(
        gather: @escaping AttentionGatherKernel,
        gatherPanels: @escaping AttentionGatherKernel,
        scatter:
            @escaping @Sendable (
                UnsafePointer<Float>, UnsafePointer<Float>?, AttentionRows, AttentionCopy
            ) -> Void,
        softmax:
            @escaping @Sendable (
                UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, AttentionTile
            ) -> Void,
        softmaxPullback:
            @escaping @Sendable (
                UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafePointer<Float>,
                AttentionTile
            ) -> Void,
        squares: AttentionSquareKernels
    ) {
        self.gather = gather
        self.gatherPanels = gatherPanels
        self.scatter = scatter
        self.softmax = softmax
        self.softmaxPullback = softmaxPullback
        self.squares = squares
    }
}
