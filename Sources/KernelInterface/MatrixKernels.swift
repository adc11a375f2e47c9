/// One block of a matrix product: where its operands are and how they are stepped through.
///
/// `c[i, j] = start[i, j] + sum over k of a[i, k] * b[k, j]` with
/// `a[i, k] = a[i / tileRows * aTileStride + i % tileRows * aRowStride + k / aRun * aRunStride
/// + k % aRun * aStep]`; `b` lies in panels of `panelWidth` columns, each `[depth, panelWidth]`, the
/// last padded to a whole vector; a row-major matrix is panels with a step between rows, and is read
/// up to a vector past its end.
public struct MatrixBlock: Sendable {
    // Pointers live as long as the call that the block is made for.
    /// First element of the left operand.
    public nonisolated(unsafe) var a: UnsafePointer<Float>
    /// From one row of a tile to the next.
    public var aRowStride: Int
    /// From one column to the next.
    public var aStep: Int
    /// Columns that `aStep` walks through before the next run of them.
    public var aRun: Int
    /// From one run of columns to the next.
    public var aRunStride: Int
    /// From one tile of `tileRows` rows to the next.
    public var aTileStride: Int
    /// First panel of the right operand.
    public nonisolated(unsafe) var b: UnsafePointer<Float>
    /// From one panel to the next.
    public var bPanelStride: Int
    /// From one row of a panel to the next; 0 where rows follow each other without a gap.
    public var bStep = 0
    /// First element of the result.
    public nonisolated(unsafe) var c: UnsafeMutablePointer<Float>
    /// From one row of the result to the next.
    public var cRowStride: Int
    /// What the sums start from, or nil for zero: a bias, or the result itself.
    public nonisolated(unsafe) var start: UnsafePointer<Float>?
    /// From one row of `start` to the next; 0 for a bias.
    public var startRowStride: Int
    /// What follows the sums, its pointers those of the block's first element; the bias is not
    /// looked at.
    public var epilogue: MatrixEpilogue?
    /// What is asked for meanwhile, such as the weights of a later product.
    public nonisolated(unsafe) var ahead: UnsafePointer<Float>
    /// Floats of `ahead` for each step of a tile of two vectors, at most a panel's width.
    public var aheadStep = 0
    /// Rows of the result.
    public var rows: Int
    /// Columns of the result.
    public var columns: Int
    /// Length of the sums.
    public var depth: Int

    /// Makes a block whose left operand is row-major and whose sums start at zero.
    ///
    /// - Parameters:
    ///   - a: Left operand; `stride` floats from row to row.
    ///   - b: Panels of the right operand; `stride` floats from panel to panel.
    ///   - c: Result; `stride` floats from row to row.
    ///   - rows: Rows of the result.
    ///   - columns: Columns of the result.
    ///   - depth: Length of the sums.
    public init(
        a: (pointer: UnsafePointer<Float>, stride: Int),
        b: (pointer: UnsafePointer<Float>, stride: Int),
        c: (pointer: UnsafeMutablePointer<Float>, stride: Int),
        rows: Int, columns: Int, depth: Int
    ) {
        self.a = a.pointer
        aRowStride = a.stride
        aStep = 1
        aRun = Int.max
        aRunStride = 0
        aTileStride = 0
        self.b = b.pointer
        bPanelStride = b.stride
        self.c = c.pointer
        cRowStride = c.stride
        start = nil
        startRowStride = 0
        epilogue = nil
        ahead = b.pointer
        self.rows = rows
        self.columns = columns
        self.depth = depth
    }
}

/// Geometry of a copy into panels of `panelWidth` columns, the last of one vector if that is enough.
public struct PanelCopy: Sendable {
    /// From one source row to the next.
    public var sourceStride: Int
    /// Source rows (`packRows`) or columns (`packColumns`) to copy: so many rows of every panel.
    public var depth: Int
    /// Columns of all panels together.
    public var columns: Int
    /// Rows of a panel; more than `depth` where several copies fill it.
    public var panelDepth: Int
    /// The row of every panel where this copy begins.
    public var firstRow: Int

    /// Makes the geometry of a copy that fills whole panels.
    ///
    /// - Parameters:
    ///   - sourceStride: From one source row to the next.
    ///   - depth: Rows of every panel.
    ///   - columns: Columns of all panels together.
    public init(sourceStride: Int, depth: Int, columns: Int) {
        self.sourceStride = sourceStride
        self.depth = depth
        self.columns = columns
        panelDepth = depth
        firstRow = 0
    }
}

/// Kernels of matrix products.
public struct MatrixKernels: Sendable {
    /// Rows of a register tile.
    public let tileRows: Int
    /// Columns of a register tile and of a panel: two vectors.
    public let panelWidth: Int
    /// Lanes of a vector: the last panel is padded to a multiple of it.
    public let vectorWidth: Int
    /// Computes one block.
    public let multiply: @Sendable (MatrixBlock) -> Void
    /// Runs an epilogue, but for its bias, over rows of a result, in place.
    public let finish: @Sendable (UnsafeMutablePointer<Float>, MatrixPart, MatrixEpilogue) -> Void
    /// Copies a matrix `[depth, columns]` into panels: source, destination, geometry.
    public let packRows:
        @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, PanelCopy) -> Void
    /// Copies a matrix `[columns, depth]` into panels: source, destination, geometry.
    public let packColumns:
        @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, PanelCopy) -> Void
    /// Adds up the rows of a matrix `[rows, columns]`: source, sums, rows, columns, row stride.
    public let addRows:
        @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int) -> Void
    /// Runs a loop of independent fused multiply-adds; the count of rounds goes in, the number of
    /// multiply-adds comes out.
    public let peak: @Sendable (Int) -> Int

    /// Makes the group.
    ///
    /// - Parameters:
    ///   - geometry: Rows of a tile, and lanes of a vector.
    ///   - multiply: Computes one block.
    ///   - finish: Runs an epilogue.
    ///   - packRows: Packs `[depth, columns]`.
    ///   - packColumns: Packs `[columns, depth]`.
    ///   - addRows: Adds up rows.
    ///   - peak: Loop of multiply-adds.
    public init(
        geometry: (tileRows: Int, vectorWidth: Int),
        multiply: @escaping @Sendable (MatrixBlock) -> Void,
        finish:
            @escaping @Sendable (
                UnsafeMutablePointer<Float>, MatrixPart, MatrixEpilogue
            ) -> Void,
        packRows:
            @escaping @Sendable (
                UnsafePointer<Float>, UnsafeMutablePointer<Float>, PanelCopy
            ) -> Void,
        packColumns:
            @escaping @Sendable (
                UnsafePointer<Float>, UnsafeMutablePointer<Float>, PanelCopy
            ) -> Void,
        addRows:
            @escaping @Sendable (
                UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int
            ) -> Void,
        peak: @escaping @Sendable (Int) -> Int
    ) {
        tileRows = geometry.tileRows
        panelWidth = 2 * geometry.vectorWidth
        vectorWidth = geometry.vectorWidth
        self.multiply = multiply
        self.finish = finish
        self.packRows = packRows
        self.packColumns = packColumns
        self.addRows = addRows
        self.peak = peak
    }
}
