import KernelInterface

/// A product of few rows, `y = x Wᵀ + b`, with a weight that is used once.
///
/// Each piece of the result packs the panel that it needs, into memory of its own thread: panels
/// that one core packs and another one reads take longer than the sums of so few rows.
struct FewRowsProduct {
    private let layout: MatrixLayout
    private let rows: Int
    /// Rows of a piece.
    private let rowBlock: Int

    /// Rows up to which a panel is not read often enough to be shared.
    private static let mostRows = 2048
    /// Rows of a piece that are wished for.
    private static let wishedRows = 392

    /// Cuts the product, by its extents alone; nil where a packed weight is better shared.
    ///
    /// - Parameters:
    ///   - layout: Extents of the transposed weight.
    ///   - rows: Number of rows.
    init?(_ layout: MatrixLayout, rows: Int) {
        guard rows > 0, rows <= Self.mostRows else { return nil }
        self.layout = layout
        self.rows = rows
        let panels = Self.panels(layout)
        let isOdd = rows < 2 * Self.wishedRows && panels % 2 != 0 && rows > 1
        rowBlock = isOdd ? (rows + 1) / 2 : MatrixRun.evenRows(rows, about: Self.wishedRows)
    }

    private static func panels(_ layout: MatrixLayout) -> Int {
        (layout.columns + kernels.matrix.panelWidth - 1) / kernels.matrix.panelWidth
    }

    private var laneSize: Int { min(layout.depth, layout.depthBlock) * kernels.matrix.panelWidth }

    /// Floats of working memory.
    var scratchCount: Int { MatrixLanes.maximum * laneSize }

    /// Computes the product.
    ///
    /// - Parameters:
    ///   - x: `[rows, depth]`.
    ///   - weight: `[columns, depth]`.
    ///   - bias: `[columns]`, or nil.
    ///   - y: Room for `[rows, columns]`.
    ///   - scratch: Room for `scratchCount` floats.
    func callAsFunction(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let rowPieces = (rows + rowBlock - 1) / rowBlock
        MatrixLanes.forEach(rowPieces * Self.panels(layout)) { piece, lane in
            let row = piece % rowPieces * rowBlock
            let column = piece / rowPieces * kernels.matrix.panelWidth
            multiply(
                x, weight, bias: bias.map { $0 + column }, into: y,
                scratch: scratch + lane * laneSize,
                at: (
                    row..<min(rows, row + rowBlock),
                    column..<min(layout.columns, column + kernels.matrix.panelWidth)
                ))
        }
    }

    /// Packs one panel, and multiplies the rows of a piece with it.
    private func multiply(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into y: UnsafeMutablePointer<Float>, scratch panel: UnsafeMutablePointer<Float>,
        at place: (rows: Range<Int>, columns: Range<Int>)
    ) {
        let (rows, columns) = place
        let stride = layout.depth
        let target = y + (rows.lowerBound * layout.columns + columns.lowerBound)
        layout.forEachBlock { depth in
            kernels.matrix.packColumns(
                weight + (columns.lowerBound * stride + depth.lowerBound), panel,
                PanelCopy(sourceStride: stride, depth: depth.count, columns: columns.count))
            var block = MatrixBlock(
                a: (x + (rows.lowerBound * stride + depth.lowerBound), stride),
                b: (UnsafePointer(panel), 0), c: (target, layout.columns),
                rows: rows.count, columns: columns.count, depth: depth.count)
            block.aTileStride = stride * kernels.matrix.tileRows
            if depth.lowerBound > 0 {
                block.start = UnsafePointer(target)
                block.startRowStride = layout.columns
            } else {
                block.start = bias
            }
            kernels.matrix.multiply(block)
        }
    }
}
