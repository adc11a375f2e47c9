import KernelInterface

/// Places of the working memory of a block of attention, in floats from its beginning.
struct AttentionLayout {
    /// Number of keys.
    let keys: Int
    /// Queries of a tile.
    let tile: Int
    /// From one row of scores to the next: the keys, rounded up to whole vectors.
    let scoreStride: Int
    /// The width of keys, rounded up to whole vectors.
    let keyStride: Int
    /// The width of values, rounded up to whole vectors.
    let valueStride: Int

    /// Rows before they are packed, `[keys, width]`.
    let gathered: Int
    /// Panels of the keys as columns, `[keyWidth, keys]`.
    let transposedKeys: Int
    /// Panels of the values, `[keys, valueWidth]`.
    let values: Int
    /// Scaled queries of a tile, `[tile, keyWidth]`.
    let queries: Int
    /// Scores of a tile, then numerators, then probabilities.
    let scores: Int
    /// One over the sum of each row of numerators.
    let inverse: Int
    /// Rows of the output, or gradients of queries.
    let output: Int
    /// Floats of the forward pass.
    let forwardCount: Int

    /// Panels of the keys, `[keys, keyWidth]`.
    let keyPanels: Int
    /// Panels of rows of a tile.
    let tilePanels: Int
    /// Gradients of the output of a tile, `[tile, valueWidth]`.
    let outputGradients: Int
    /// Gradients of the scores of a tile.
    let scoreGradients: Int
    /// Gradients of all keys.
    let keyGradients: Int
    /// Gradients of all values.
    let valueGradients: Int
    /// Floats of the backward pass, which keeps the values as columns where the forward pass has
    /// them as rows.
    let backwardCount: Int

    /// Floats of scores at once: they stay in the second-level cache.
    private static let cachedScores = 16384
    /// Queries of a tile are a multiple of this, which every tile height of products divides.
    private static let queryUnit = 12
    /// The most queries of a tile.
    private static let mostQueries = 60

    /// Lays out a block.
    ///
    /// - Parameters:
    ///   - core: Widths of keys and values.
    ///   - queries: Number of queries.
    ///   - keys: Number of keys.
    init(_ core: AttentionCore, queries: Int, keys: Int) {
        self.keys = keys
        scoreStride = Self.rounded(keys, to: kernels.matrix.vectorWidth)
        keyStride = Self.rounded(core.keyWidth, to: kernels.matrix.vectorWidth)
        valueStride = Self.rounded(core.valueWidth, to: kernels.matrix.vectorWidth)
        let fitting = Self.cachedScores / max(1, Self.rounded(keys, to: 16)) / Self.queryUnit
        let most = max(1, fitting) * Self.queryUnit
        tile = max(1, min(queries, most, Self.mostQueries))
        let width = max(keyStride, valueStride)
        var memory = Memory()
        gathered = memory.place(keys * max(core.keyWidth, core.valueWidth))
        transposedKeys = memory.place(core.keyWidth * scoreStride)
        values = memory.place(max(keys * valueStride, core.valueWidth * scoreStride))
        self.queries = memory.place(tile * core.keyWidth)
        scores = memory.place(tile * scoreStride)
        inverse = memory.place(tile)
        output = memory.place(tile * width)
        forwardCount = memory.count
        keyPanels = memory.place(keys * keyStride)
        tilePanels = memory.place(tile * width)
        outputGradients = memory.place(tile * core.valueWidth)
        scoreGradients = memory.place(tile * scoreStride)
        keyGradients = memory.place(keys * keyStride)
        valueGradients = memory.place(keys * valueStride)
        backwardCount = memory.count
    }

    /// Memory that is handed out from its beginning, in whole vectors.
    private struct Memory {
        var count = 0

        mutating func place(_ floats: Int) -> Int {
            defer { count += AttentionLayout.rounded(floats, to: 16) }
            return count
        }
    }

    private static func rounded(_ count: Int, to unit: Int) -> Int {
        (count + unit - 1) / unit * unit
    }

    /// The scores of some queries.
    func scoreTile(rows: Int) -> AttentionTile {
        AttentionTile(rows: rows, keys: keys, stride: scoreStride)
    }
}

/// The left operand of a product between packed panels: row-major, or the transpose of that.
struct AttentionFactor {
    private let elements: UnsafePointer<Float>
    private let rowStride: Int
    private let columnStride: Int

    /// A row-major matrix.
    init(_ elements: UnsafePointer<Float>, stride: Int) {
        self.elements = elements
        rowStride = stride
        columnStride = 1
    }

    /// The transpose of a row-major matrix.
    init(transposing elements: UnsafePointer<Float>, stride: Int) {
        self.elements = elements
        rowStride = 1
        columnStride = stride
    }

    /// Computes `y = a b`, or adds the product to `y`.
    ///
    /// - Parameters:
    ///   - panels: The right operand, packed.
    ///   - y: The result; its rows follow each other.
    ///   - extent: Rows and columns of the result, length of the sums.
    ///   - adds: Whether the sums start from what stands in `y`.
    func multiply(
        _ panels: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
        _ extent: MatrixExtent, adds: Bool = false
    ) {
        var block = MatrixBlock(
            a: (elements, rowStride), b: (panels, extent.depth * kernels.matrix.panelWidth),
            c: (y, extent.stride), rows: extent.rows, columns: extent.columns, depth: extent.depth)
        block.aStep = columnStride
        block.aTileStride = rowStride * kernels.matrix.tileRows
        if adds {
            block.start = UnsafePointer(y)
            block.startRowStride = extent.stride
        }
        kernels.matrix.multiply(block)
    }
}

/// The extents of a product.
struct MatrixExtent {
    /// Rows of the result.
    let rows: Int
    /// Columns of the result.
    let columns: Int
    /// Length of the sums.
    let depth: Int
    /// From one row of the result to the next.
    let stride: Int

    /// Makes extents.
    ///
    /// - Parameters:
    ///   - rows: Rows of the result.
    ///   - columns: Columns of the result.
    ///   - depth: Length of the sums.
    ///   - stride: From one row of the result to the next; nil where rows follow each other.
    init(rows: Int, columns: Int, depth: Int, stride: Int? = nil) {
        self.rows = rows
        self.columns = columns
        self.depth = depth
        self.stride = stride ?? columns
    }
}
