import KernelInterface

/// Multi-head softmax attention among the positions of a map, of all or of windows.
///
/// Operand: `x [N, H, W, heads (2 dk + dv)]`, the queries of all heads, then the keys, then the
/// values; output `[N, H, W, heads dv]`. In each window and head
/// `y[i] = sum over j of softmax over j of (scale q[i] k[j]) v[j]`. Windows that reach beyond the
/// map have padded keys and values, which take part: they are the optional second operand
/// `b [heads (2 dk + dv)]`, else 0; padded queries are not computed. Without windows the input
/// may also be `[N, L, ...]`.
public struct SelfAttention: Operation {
    /// The name in layer tables.
    public let name = "SelfAttention"
    /// Number of heads.
    public let heads: Int
    /// Side of the square windows in positions, or nil for the whole map.
    public let window: Int?
    private let core: AttentionCore

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - heads: Number of heads.
    ///   - keyWidth: Elements of a query and of a key.
    ///   - valueWidth: Elements of a value.
    ///   - window: Side of the square windows in positions, or nil for the whole map.
    ///   - scale: What the scores are multiplied by; nil is one over the root of `keyWidth`.
    public init(
        heads: Int, keyWidth: Int, valueWidth: Int, window: Int? = nil, scale: Float? = nil
    ) {
        self.heads = heads
        self.window = window
        core = AttentionCore(
            scale: scale ?? 1 / Float(max(1, keyWidth)).squareRoot(), keyWidth: keyWidth,
            valueWidth: valueWidth)
    }

    /// Elements of a position: queries, keys and values of all heads.
    private var features: Int { heads * (2 * core.keyWidth + core.valueWidth) }

    /// The input's shape with the values of all heads.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            x.channels == features && (x.rank == 4 || (x.rank == 3 && window == nil)),
            "attention of \(heads) heads in \(x)")
        precondition(inputs.count < 2 || inputs[1].count == features, "padding \(inputs[1])")
        return x.replacingChannels(with: heads * core.valueWidth)
    }

    private func grid(_ x: Shape) -> WindowGrid {
        let map =
            x.rank == 4
            ? MapExtent(height: x[1], width: x[2]) : MapExtent(height: 1, width: x[1])
        return WindowGrid(
            samples: x[0], map: map,
            window: window.map { MapExtent(height: $0, width: $0) } ?? map)
    }

    /// Applies the attention, with numbers for the padding where windows reach beyond the map.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, heads (2 dk + dv)]`.
    ///   - padding: What every padded position holds, `[heads (2 dk + dv)]`; nil for 0.
    /// - Returns: `[N, H, W, heads dv]`.
    public func callAsFunction(_ x: Tensor, padding: Tensor?) -> Tensor {
        guard let padding, grid(x.shape).isPadded else { return apply(to: [x]) }
        return apply(to: [x, padding])
    }

    /// Both products of all windows and heads, padding included.
    public func multiplyAdds(_ inputs: [Shape]) -> Int {
        let grid = grid(inputs[0])
        return grid.count * heads
            * core.multiplyAdds(queries: grid.positions, keys: grid.positions)
    }

    // MARK: - Forward

    /// Blocks into which the queries of a window are cut: more than one where windows and heads
    /// alone would leave threads without work.
    private func queryBlocks(_ grid: WindowGrid) -> Int {
        let (units, enough, fewest) = (grid.count * heads, 16, 48)
        return max(1, min((grid.positions + fewest - 1) / fewest, enough / max(1, units)))
    }

    private func tableCount(_ grid: WindowGrid) -> Int { (grid.tableCount + 15) / 16 * 16 }

    private func laneCount(_ grid: WindowGrid) -> Int {
        tableCount(grid) + core.scratchCount(queries: grid.positions, keys: grid.positions)
    }

    /// Room for one block in each lane.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        MatrixLanes.maximum * laneCount(grid(inputs[0]))
    }

    /// Computes windows, heads and blocks of queries.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        forward(x, into: y, stride: valueCount, scratch: scratch) { _ in }
    }

    /// Channels of the output.
    var valueCount: Int { heads * core.valueWidth }

    /// Whether blocks of queries are runs of the map's positions with all their values.
    var hasWholeRows: Bool { heads == 1 && window == nil }

    /// Computes blocks of queries, whose rows of the output may lie apart.
    ///
    /// - Parameters:
    ///   - x: The operands.
    ///   - y: The first row of the output.
    ///   - stride: From one row of the output to the next.
    ///   - scratch: Room for `scratchCount` floats.
    ///   - finish: What the same thread does next with the block's rows of the whole output, if
    ///     `hasWholeRows`.
    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, stride: Int,
        scratch: UnsafeMutablePointer<Float>, finish: (Range<Int>) -> Void
    ) {
        let grid = grid(x.shapes[0])
        guard grid.positions > 0 else { return }
        let (blocks, laneCount, tableCount) = (queryBlocks(grid), laneCount(grid), tableCount(grid))
        let padding = x.shapes.count > 1 ? x[1] : nil
        MatrixLanes.forEach(grid.count * heads * blocks) { piece, lane in
            let room = scratch + lane * laneCount
            let unit = Unit(piece / blocks, heads: heads, grid, table: room)
            var operands = rows(
                UnsafeMutablePointer(mutating: x[0]), unit, grid,
                filler: padding.map { UnsafeMutablePointer(mutating: $0) })
            var output = outputRows(y, stride: stride, unit, grid)
            let count = unit.positions.insideCount
            let part = piece % blocks * count / blocks..<(piece % blocks + 1) * count / blocks
            guard !part.isEmpty else { return }
            operands.queries = operands.queries.part(part)
            output = output.part(part)
            core.forward(operands, into: output, scratch: room + tableCount)
            let first = unit.sample * grid.mapPositions
            finish(first + part.lowerBound..<first + part.upperBound)
        }
    }

    /// One head of one window.
    private struct Unit {
        let window: Int
        let sample: Int
        let head: Int
        let positions: WindowGrid.Positions

        /// Lists the positions at the beginning of a lane's memory.
        init(_ index: Int, heads: Int, _ grid: WindowGrid, table: UnsafeMutablePointer<Float>) {
            window = index / heads
            head = index % heads
            sample = window / grid.windowsPerMap
            let numbers = UnsafeMutableRawPointer(table).bindMemory(
                to: Int32.self, capacity: grid.tableCount)
            positions = grid.positions(of: window % grid.windowsPerMap, table: numbers)
        }
    }

    /// Queries, keys and values of a unit, or their gradients.
    private func rows(
        _ x: UnsafeMutablePointer<Float>, _ unit: Unit, _ grid: WindowGrid,
        filler: UnsafeMutablePointer<Float>?
    ) -> AttentionOperands {
        let map = x + unit.sample * grid.mapPositions * features
        func rows(at column: Int, _ indices: UnsafePointer<Int32>?, _ count: Int) -> AttentionRows {
            var rows = AttentionRows(
                map + column, stride: features, indices: indices, count: count)
            rows.filler = filler.map { $0 + column }
            return rows
        }
        let (keyWidth, positions) = (core.keyWidth, unit.positions)
        return AttentionOperands(
            queries: rows(at: unit.head * keyWidth, positions.inside, positions.insideCount),
            keys: rows(at: (heads + unit.head) * keyWidth, positions.all, grid.positions),
            values: rows(
                at: 2 * heads * keyWidth + unit.head * core.valueWidth, positions.all,
                grid.positions))
    }

    /// Rows of the output of a unit, or of its gradient.
    private func outputRows(
        _ y: UnsafeMutablePointer<Float>, stride: Int, _ unit: Unit, _ grid: WindowGrid
    ) -> AttentionRows {
        AttentionRows(
            y + unit.sample * grid.mapPositions * stride + unit.head * core.valueWidth,
            stride: stride, indices: unit.positions.inside, count: unit.positions.insideCount)
    }

    // MARK: - Backward

    /// Keeps the operands; the scores are computed again.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, padding) = (inputs[0], inputs.count > 1 ? inputs[1] : nil)
        let (attention, grid) = (self, grid(inputs[0].shape))
        return { dy, _ in
            // Gradients of padded keys and values: one row a window, so that no two threads add
            // to the same elements.
            let sums = padding.map { _ in
                Tensor(shape: [grid.count, attention.features], repeating: 0)
            }
            let dx = Tensor(shape: x.shape) { dx in
                attention.backward(x, padding, dy, into: dx, sums, grid)
            }
            return [dx] + (sums.map { [ChannelSums.sum($0)] } ?? [])
        }
    }

    private func backward(
        _ x: Tensor, _ padding: Tensor?, _ dy: Tensor, into dx: UnsafeMutablePointer<Float>,
        _ sums: Tensor?, _ grid: WindowGrid
    ) {
        guard grid.positions > 0 else { return }
        let tableCount = tableCount(grid)
        let laneCount =
            tableCount
            + core.backwardScratchCount(queries: grid.positions, keys: grid.positions)
        let pieces = grid.count * heads
        let scratch = Storage(count: MatrixLanes.count(for: pieces) * laneCount)
        MatrixLanes.forEach(pieces) { piece, lane in
            let room = scratch.pointer + lane * laneCount
            let unit = Unit(piece, heads: heads, grid, table: room)
            let row = sums.map { $0.storage.pointer + unit.window * features }
            core.backward(
                rows(x.storage.pointer, unit, grid, filler: padding?.storage.pointer),
                outputRows(dy.storage.pointer, stride: valueCount, unit, grid),
                into: rows(dx, unit, grid, filler: row), scratch: room + tableCount)
        }
    }
}
