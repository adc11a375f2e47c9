import KernelInterface

/// The left operand of a product, by rows.
enum MatrixRows {
    /// A row-major matrix with a stride from row to row.
    case matrix(UnsafePointer<Float>, stride: Int)
    /// The patches of a batch of images.
    case patches(UnsafePointer<Float>, PatchGeometry)
    /// GELU of a row-major matrix without gaps between rows.
    case activated(UnsafePointer<Float>, stride: Int)

    /// Floats of working memory for `count` rows of a block of depth.
    func scratchCount(rows count: Int, depth: Int) -> Int {
        switch self {
        case .matrix: 0
        case .patches, .activated: Self.copyCount(rows: count, depth: depth)
        }
    }

    /// Floats of a copy of `count` rows of a block of depth.
    static func copyCount(rows count: Int, depth: Int) -> Int { count * paddedStride(depth) }

    /// A stride at which rows do not fall into the same set of the first-level cache.
    private static func paddedStride(_ depth: Int) -> Int { (depth + 31) / 16 * 16 }

    /// The first element of a run of rows in a block of depth, and the stride between them.
    ///
    /// - Parameters:
    ///   - rows: The rows.
    ///   - depth: The columns; for patches, whole rows of taps.
    ///   - scratch: Working memory for the rows.
    /// - Returns: The place, valid until the working memory is used again.
    func read(
        _ rows: Range<Int>, depth: Range<Int>, scratch: UnsafeMutablePointer<Float>
    ) -> (pointer: UnsafePointer<Float>, stride: Int) {
        switch self {
        case .matrix(let start, let stride):
            return (start + rows.lowerBound * stride + depth.lowerBound, stride)
        case .patches(let images, let whole):
            var geometry = whole
            let run = whole.columnTaps * whole.channels
            geometry.top += depth.lowerBound / max(1, run)
            geometry.rowTaps = depth.count / max(1, run)
            let stride = Self.paddedStride(depth.count)
            kernels.convolution.gatherPatches(
                images, scratch, geometry,
                PatchRows(first: rows.lowerBound, count: rows.count, stride: stride))
            return (UnsafePointer(scratch), stride)
        case .activated(let start, let whole):
            let stride = Self.paddedStride(depth.count)
            for (index, row) in rows.enumerated() {
                kernels.activation.gelu(
                    start + row * whole + depth.lowerBound, scratch + index * stride, depth.count)
            }
            return (UnsafePointer(scratch), stride)
        }
    }
}

/// A product `y[i, j] = sum over k of x[i, k] * w[k, j]` with packed `w`, and its epilogue.
struct MatrixRun {
    /// Where the panels of `w` lie.
    let layout: MatrixLayout
    /// Number of rows of `x` and `y`.
    let rows: Int
    /// Rows of a piece: enough to read the panels seldom, few enough to stay in the second cache.
    let rowBlock: Int
    /// Columns of a piece: so many that their panels stay in the second cache.
    let columnBlock: Int
    /// Whether the right operand is given row-major, to be read in place.
    var isInPlace = false
    /// What is asked for meanwhile.
    var foresight: WeightForesight?

    /// Multiply-adds that are worth a piece of their own.
    private static let pieceSize = 1 << 21
    /// Pieces that keep threads busy to the end.
    private static let enoughPieces = 16
    /// Rows of the tallest tile.
    private static let rowUnit = 12
    /// Rows that are not cut: what reads the panels once is as fast as they are.
    private static let fewRows = 64
    /// Floats of a block of panels.
    private static let cachedFloats = 1 << 16

    /// Cuts the product into pieces, by its extents alone.
    ///
    /// - Parameters:
    ///   - layout: Where the panels of `w` lie.
    ///   - rows: Number of rows of `x` and `y`.
    init(layout: MatrixLayout, rows: Int) {
        self.layout = layout
        self.rows = rows
        let width = kernels.matrix.panelWidth
        let most = max(2 * width, Self.cachedFloats / layout.depthBlock / width * width)
        let columns = Self.evenPart(layout.columns, most: most, unit: width)
        guard rows > Self.fewRows else {
            rowBlock = max(1, rows)
            let wanted = layout.columns / Self.enoughPieces / width * width
            columnBlock = min(columns, max(width, wanted))
            return
        }
        let size = max(1, layout.depth * columns)
        var height = max(8 * Self.rowUnit, min(16 * Self.rowUnit, Self.pieceSize / size))
        let columnPieces = max(1, (layout.columns + columns - 1) / columns)
        height = min(height, max(2 * Self.rowUnit, rows * columnPieces / Self.enoughPieces))
        height = Self.evenRows(rows, about: height)
        let rowPieces = max(1, (rows + height - 1) / height)
        rowBlock = height
        guard rowPieces * columnPieces * 2 < Self.enoughPieces else {
            columnBlock = columns
            return
        }
        columnBlock = Self.evenColumns(layout.columns, rowPieces: rowPieces, unit: width)
    }

    /// The length of equal parts of a whole, each a multiple of `unit` and, but for that, at most
    /// `most`.
    static func evenPart(_ whole: Int, most: Int, unit: Int) -> Int {
        let parts = max(1, (whole + most - 1) / max(1, most))
        return max(1, (whole + parts * unit - 1) / (parts * unit)) * unit
    }

    /// Columns of pieces of which there are, if possible, an even number.
    private static func evenColumns(_ whole: Int, rowPieces: Int, unit: Int) -> Int {
        let panels = (whole + unit - 1) / unit
        let most = max(1, panels * rowPieces * 2 / enoughPieces)
        var part = most
        while part > 1, (panels + part - 1) / part * rowPieces % 2 != 0 { part -= 1 }
        let isEven = (panels + part - 1) / part * rowPieces % 2 == 0
        return (isEven ? part : most) * unit
    }

    /// Rows of about equal pieces: of one, or of an even number for two threads to share.
    ///
    /// - Parameters:
    ///   - whole: All rows.
    ///   - height: Rows of a piece that are wished for, at least 1.
    /// - Returns: Rows of a piece.
    static func evenRows(_ whole: Int, about height: Int) -> Int {
        let parts = max(1, (whole + height / 2) / height)
        let even = parts > 1 ? (parts + 1) / 2 * 2 : 1
        return max(1, (whole + even - 1) / even)
    }

    private var rowPieces: Int { (rows + rowBlock - 1) / rowBlock }
    /// Pieces side by side; each reads its rows of the left operand anew.
    var columnPieces: Int { (layout.columns + columnBlock - 1) / columnBlock }

    /// Floats of working memory.
    ///
    /// - Parameter operand: The left operand; its pointer is not looked at.
    /// - Returns: Floats for all lanes.
    func scratchCount(_ operand: MatrixRows) -> Int {
        MatrixLanes.maximum
            * operand.scratchCount(rows: rowBlock, depth: min(layout.depth, layout.depthBlock))
    }

    /// Floats of working memory where the left operand is activated when it is read.
    var activatedCount: Int {
        MatrixLanes.maximum
            * MatrixRows.copyCount(rows: rowBlock, depth: min(layout.depth, layout.depthBlock))
    }

    /// Computes the product.
    ///
    /// - Parameters:
    ///   - x: The left operand.
    ///   - panels: The right operand, packed.
    ///   - epilogue: What follows the sums.
    ///   - y: Room for the result `[rows, columns]`.
    ///   - scratch: Room for `scratchCount` floats.
    func callAsFunction(
        _ x: MatrixRows, _ panels: UnsafePointer<Float>, epilogue: MatrixEpilogue,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let laneSize = x.scratchCount(
            rows: rowBlock, depth: min(layout.depth, layout.depthBlock))
        let pieces = pieces
        MatrixLanes.forEach(pieces) { piece, lane in
            multiply(
                x, panels, epilogue: epilogue, into: y, scratch: scratch + lane * laneSize,
                at: place(piece), ahead: foresight?.part(piece, of: pieces))
        }
    }

    /// Number of pieces.
    private var pieces: Int { rowPieces * columnPieces + (isMiddleCut ? 1 : 0) }

    /// Whether the middle one of an odd number of pieces is cut in two, so that no thread waits.
    private var isMiddleCut: Bool {
        let whole = rowPieces * columnPieces
        return whole > 1 && whole % 2 == 1 && whole / 2 % columnPieces < columnPieces - 1
    }

    /// Rows and columns of a piece.
    private func place(_ number: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        let middle = rowPieces * columnPieces / 2
        let piece = isMiddleCut && number > middle ? number - 1 : number
        let row = piece / columnPieces * rowBlock
        let column = piece % columnPieces * columnBlock
        let rows = row..<min(self.rows, row + rowBlock)
        let columns = column..<min(layout.columns, column + columnBlock)
        guard isMiddleCut, piece == middle else { return (rows, columns) }
        let panel = kernels.matrix.panelWidth
        let half = column + max(panel / 2, columnBlock / 2 / panel * panel)
        return (rows, number == middle ? column..<half : half..<columns.upperBound)
    }

    /// Computes one piece, or any other part of the result.
    ///
    /// - Parameters:
    ///   - x: The left operand.
    ///   - panels: The right operand, packed.
    ///   - epilogue: What follows the sums.
    ///   - y: Room for the whole result.
    ///   - scratch: Room for the part's rows of the left operand.
    ///   - place: Rows and columns of the part; the columns are whole panels, but for the last of
    ///     all, or half of one.
    ///   - ahead: What is asked for meanwhile.
    func multiply(
        _ x: MatrixRows, _ panels: UnsafePointer<Float>, epilogue: MatrixEpilogue,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
        at place: (rows: Range<Int>, columns: Range<Int>),
        ahead: UnsafeBufferPointer<Float>? = nil
    ) {
        let (rows, columns) = place
        let width = layout.columns
        let offset = rows.lowerBound * width + columns.lowerBound
        let c = y + offset
        let epilogue = epilogue.advanced(by: offset, column: columns.lowerBound)
        layout.forEachBlock { depth in
            let a = x.read(rows, depth: depth, scratch: scratch)
            var block = MatrixBlock(
                a: a, b: right(panels, depth, column: columns.lowerBound), c: (c, width),
                rows: rows.count, columns: columns.count, depth: depth.count)
            block.bStep = step(columns)
            block.aTileStride = a.stride * kernels.matrix.tileRows
            if depth.lowerBound > 0 {
                block.start = UnsafePointer(c)
                block.startRowStride = width
            } else {
                block.start = epilogue.bias
            }
            if depth.upperBound == layout.depth, epilogue.changesSums {
                block.epilogue = epilogue
            }
            if let ahead { ask(ahead, before: depth.lowerBound, in: &block) }
            kernels.matrix.multiply(block)
        }
    }

    /// The step between rows of the right operand, 0 where they follow each other.
    private func step(_ columns: Range<Int>) -> Int {
        if isInPlace { return layout.columns }
        let panel = kernels.matrix.panelWidth
        let isHalf =
            columns.lowerBound % panel != 0
            || (columns.count < panel && columns.upperBound < layout.columns)
        return isHalf ? panel : 0
    }

    /// Spreads what is asked for ahead over the steps of a part, of which `start` of each sum are
    /// done.
    private func ask(
        _ ahead: UnsafeBufferPointer<Float>, before start: Int, in block: inout MatrixBlock
    ) {
        let matrix = kernels.matrix
        let tiles = (block.rows + matrix.tileRows - 1) / matrix.tileRows
        let steps = max(1, block.columns / matrix.panelWidth * tiles)
        let step = (ahead.count + steps * layout.depth - 1) / (steps * layout.depth)
        block.aheadStep = min(matrix.panelWidth, step)
        if let first = ahead.baseAddress { block.ahead = first + start * steps * block.aheadStep }
    }

    /// The first panel of a block from a column on, and the way from panel to panel.
    private func right(
        _ start: UnsafePointer<Float>, _ depth: Range<Int>, column: Int
    ) -> (pointer: UnsafePointer<Float>, stride: Int) {
        let panel = kernels.matrix.panelWidth
        if isInPlace { return (start + (depth.lowerBound * layout.columns + column), panel) }
        let block = start + depth.lowerBound * layout.paddedColumns
        let inPanel = column % panel
        return (block + depth.count * (column - inPanel) + inPanel, depth.count * panel)
    }
}
