import KernelInterface

/// The sizes of one channel attention, how it is cut, and its products.
///
/// Rows are cut into blocks fixed by the shape; sums over them are added in order.
struct ChannelAttentionRun {
    /// Channels of the output.
    let channels: Int
    private let heads: Int
    private let samples: Int
    private let rowCount: Int
    private let blocks: Int

    /// The rows of a head in the operand.
    enum Part: Int {
        /// Rows that the attention weighs.
        case queries
        /// Rows whose channels attend.
        case keys
        /// Rows whose channels are attended to.
        case values
    }

    /// Some rows of one head of one sample.
    struct Block {
        /// Number of head and sample.
        let unit: Int
        /// Number of the block among those of its head.
        let index: Int
        let sample: Int
        let head: Int
        let rows: Range<Int>
    }

    /// Rows of a block: their packed columns stay in the first-level cache.
    private static let blockRows = 448

    /// Cuts a map.
    ///
    /// - Parameters:
    ///   - shape: `[N, ..., 3 C]`.
    ///   - heads: Number of heads.
    init(_ shape: Shape, heads: Int) {
        channels = shape.channels / 3
        self.heads = heads
        samples = shape[0]
        rowCount = shape.rows / max(1, samples)
        blocks = max(1, (rowCount + Self.blockRows - 1) / Self.blockRows)
    }

    /// Channels of a head.
    var width: Int { channels / heads }
    private var units: Int { samples * heads }
    private var scale: Float { 1 / Float(max(1, width)).squareRoot() }

    // MARK: - Memory

    private func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    private var paddedWidth: Int {
        let lanes = kernels.matrix.vectorWidth
        return (width + lanes - 1) / lanes * lanes
    }

    /// Floats of one matrix of one head, packed or not.
    var matrixCount: Int { rounded(width * paddedWidth) }
    private var sumCount: Int { units * blocks * matrixCount }
    private var laneCount: Int { rounded(min(rowCount, Self.blockRows) * paddedWidth) }

    /// Floats of working memory: two matrices a head, sums of all blocks, packed rows of lanes.
    var scratchCount: Int { memoryCount(matrices: 2, sums: 1) }

    private func memoryCount(matrices: Int, sums: Int) -> Int {
        matrices * units * matrixCount + sums * sumCount + MatrixLanes.maximum * laneCount
    }

    /// The n-th matrix of the first head; those of the other heads follow.
    func matrix(_ index: Int, _ scratch: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float>
    {
        scratch + index * units * matrixCount
    }

    // MARK: - Pieces

    /// Calls `body` with each block and its lane; blocks of the same rows follow each other.
    func forEachBlock(_ body: (Block, Int) -> Void) {
        guard rowCount > 0 else { return }
        MatrixLanes.forEach(units * blocks) { piece, lane in
            let (sample, head) = (piece / (heads * blocks), piece % heads)
            let index = piece / heads % blocks
            body(
                Block(
                    unit: sample * heads + head, index: index, sample: sample, head: head,
                    rows: index * rowCount / blocks..<(index + 1) * rowCount / blocks), lane)
        }
    }

    /// Calls `body` with the number of each head of each sample.
    func forEachHead(_ body: (Int) -> Void) {
        MatrixLanes.forEach(units) { unit, _ in body(unit) }
    }

    /// Where the rows of a block begin in a map `[N, ..., C]`.
    func place<Pointer: Strideable>(_ x: Pointer, _ block: Block) -> Pointer
    where Pointer.Stride == Int {
        let row = block.sample * rowCount + block.rows.lowerBound
        return x.advanced(by: row * channels + block.head * width)
    }

    /// Where the rows of a block begin in a map `[N, ..., 3 C]`.
    func place<Pointer: Strideable>(_ x: Pointer, _ part: Part, _ block: Block) -> Pointer
    where Pointer.Stride == Int {
        let row = block.sample * rowCount + block.rows.lowerBound
        return x.advanced(by: (3 * row + part.rawValue) * channels + block.head * width)
    }

    /// The rows of a block as a left operand.
    func rows(_ x: UnsafePointer<Float>, _ part: Part, _ block: Block) -> AttentionFactor {
        AttentionFactor(place(x, part, block), stride: 3 * channels)
    }

    /// Rows of a block times a matrix of a head.
    func extent(_ block: Block, stride: Int) -> MatrixExtent {
        MatrixExtent(rows: block.rows.count, columns: width, depth: width, stride: stride)
    }

    // MARK: - Attention

    /// Computes `A` of all heads.
    func attend(
        _ x: UnsafePointer<Float>, into attention: UnsafeMutablePointer<Float>,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        let sums = attention + 2 * units * matrixCount
        let lanes = sums + sumCount
        forEachBlock { block, lane in
            let keys = AttentionFactor(
                transposing: place(x, .keys, block), stride: 3 * channels)
            let values = AttentionRows(
                reading: place(x, .values, block), stride: 3 * channels, count: block.rows.count)
            multiply(keys, values, factor: scale, block, into: sums, lanes + lane * laneCount)
        }
        addBlocks(sums, into: attention)
        forEachHead { unit in
            let matrix = attention + unit * matrixCount
            kernels.activation.softmax(
                matrix, matrix, RowExtent(rows: width, channels: width))
        }
    }

    /// `aᵀ (factor b)` of the rows of a block.
    private func multiply(
        _ a: AttentionFactor, _ b: AttentionRows, factor: Float, _ block: Block,
        into sums: UnsafeMutablePointer<Float>, _ panels: UnsafeMutablePointer<Float>
    ) {
        kernels.attention.gatherPanels(
            b, panels, AttentionCopy(width: width, stride: 0, factor: factor))
        a.multiply(
            panels, into: sums + (block.unit * blocks + block.index) * matrixCount,
            MatrixExtent(rows: width, columns: width, depth: block.rows.count))
    }

    /// Adds the sums of the blocks of each head in order.
    private func addBlocks(
        _ sums: UnsafePointer<Float>, into matrices: UnsafeMutablePointer<Float>
    ) {
        forEachHead { unit in
            kernels.matrix.addRows(
                sums + unit * blocks * matrixCount, matrices + unit * matrixCount,
                rowCount > 0 ? blocks : 0, width * width, matrixCount)
        }
    }

    /// Packs a head's matrix as right operand.
    private func packRows(
        _ matrix: UnsafePointer<Float>, _ unit: Int, into panels: UnsafeMutablePointer<Float>
    ) {
        kernels.matrix.packRows(
            matrix + unit * matrixCount, panels + unit * matrixCount,
            PanelCopy(sourceStride: width, depth: width, columns: width))
    }

    /// Packs the transpose of a head's matrix as right operand.
    func packColumns(
        _ matrix: UnsafePointer<Float>, _ unit: Int, into panels: UnsafeMutablePointer<Float>
    ) {
        kernels.matrix.packColumns(
            matrix + unit * matrixCount, panels + unit * matrixCount,
            PanelCopy(sourceStride: width, depth: width, columns: width))
    }

    // MARK: - Gradients

    /// Computes the gradient of the operand.
    ///
    /// - Parameters:
    ///   - x: `[N, ..., 3 C]`.
    ///   - dy: `[N, ..., C]`.
    ///   - dx: Room for the gradient of `x`.
    func backward(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>
    ) {
        let memory = Storage(
            count: memoryCount(matrices: 2, sums: 1) + memoryCount(matrices: 4, sums: 1))
        let attention = memory.pointer
        attend(x, into: attention, attention)
        let gradient = attention + memoryCount(matrices: 2, sums: 1)
        attentionGradient(x, dy, into: gradient)
        let panels = (0..<3).map { matrix($0 + 1, gradient) }
        forEachHead { unit in
            let count = width * width
            let (a, da) = (attention + unit * matrixCount, gradient + unit * matrixCount)
            packRows(attention, unit, into: panels[0])
            kernels.activation.softmaxPullback(
                da, a, da, RowExtent(rows: width, channels: width))
            kernels.elementwise.scale(da, scale, da, count)
            packColumns(gradient, unit, into: panels[1])
            packRows(gradient, unit, into: panels[2])
        }
        forEachBlock { block, _ in
            let factors = [
                AttentionFactor(place(dy, block), stride: channels), rows(x, .values, block),
                rows(x, .keys, block),
            ]
            for (index, part) in [Part.queries, .keys, .values].enumerated() {
                factors[index].multiply(
                    panels[index] + block.unit * matrixCount, into: place(dx, part, block),
                    extent(block, stride: 3 * channels))
            }
        }
    }

    /// `dA = dyᵀ q` of all heads; three matrices a head are left free behind it.
    private func attentionGradient(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
        into gradient: UnsafeMutablePointer<Float>
    ) {
        let sums = gradient + 4 * units * matrixCount
        let lanes = sums + sumCount
        forEachBlock { block, lane in
            let queries = AttentionRows(
                reading: place(x, .queries, block), stride: 3 * channels, count: block.rows.count)
            multiply(
                AttentionFactor(transposing: place(dy, block), stride: channels), queries,
                factor: 1, block, into: sums, lanes + lane * laneCount)
        }
        addBlocks(sums, into: gradient)
    }
}
