import KernelInterface
import Parallelism

/// Attention of the pixels of each region to all pixels of its routed regions, with several heads.
///
/// `y[i] = sum over j of p[i, j] v[j]`, `p[i] = softmax over j of (scale q[i] k[j])`, where `j` runs
/// over the pixels of the routed regions in the order of the routes (Zhu et al., BiFormer, section
/// 3.2). Nothing is gathered into a tensor of its own. Inputs: queries, keys and values as
/// `sources` says, the regions filling their maps, and optionally routes `[N, regions, count]`,
/// without which a region attends to the one of its number. Channels are cut into heads one after
/// another. Output `[N, H, W, valueWidth]`.
public struct RoutedAttention: Operation {
    /// Where queries, keys and values stand.
    public enum Sources: Hashable, Sendable {
        /// Side by side in one map, `[N, H, W, 2 keyWidth + valueWidth]`.
        case packed
        /// Queries in a map of their own, keys and values side by side in a second one.
        case separate
    }

    /// The sizes of the attention.
    public struct Widths: Hashable, Sendable {
        /// Number of heads; it divides both widths.
        public let heads: Int
        /// Channels of queries and of keys, all heads together.
        public let keys: Int
        /// Channels of values, all heads together.
        public let values: Int

        /// Collects the sizes.
        ///
        /// - Parameters:
        ///   - heads: Number of heads; it divides both widths.
        ///   - keys: Channels of queries and of keys, all heads together.
        ///   - values: Channels of values, all heads together.
        public init(heads: Int, keys: Int, values: Int) {
            self.heads = heads
            self.keys = keys
            self.values = values
        }
    }

    /// The name in layer tables.
    public let name = "RoutedAttention"
    /// Heads and channels.
    public let widths: Widths
    /// The regions of the queries.
    public let grid: RegionGrid
    /// The regions of keys and values, as many.
    public let keyGrid: RegionGrid
    /// Where queries, keys and values stand.
    public let sources: Sources
    let core: AttentionCore

    /// Makes attention of queries, keys and values in one map.
    ///
    /// - Parameters:
    ///   - widths: Heads and channels.
    ///   - scale: Factor of the products of queries and keys.
    ///   - grid: The regions.
    public init(_ widths: Widths, scale: Float, grid: RegionGrid) {
        self.init(widths, scale: scale, queries: grid, keys: grid, sources: .packed)
    }

    /// Makes attention of queries in one map and keys and values in another.
    ///
    /// - Parameters:
    ///   - widths: Heads and channels.
    ///   - scale: Factor of the products of queries and keys.
    ///   - queries: The regions of the queries.
    ///   - keys: The regions of keys and values, as many.
    public init(_ widths: Widths, scale: Float, queries: RegionGrid, keys: RegionGrid) {
        self.init(widths, scale: scale, queries: queries, keys: keys, sources: .separate)
    }

    private init(
        _ widths: Widths, scale: Float, queries: RegionGrid, keys: RegionGrid, sources: Sources
    ) {
        precondition(
            widths.keys % widths.heads == 0 && widths.values % widths.heads == 0
                && queries.count == keys.count,
            "\(widths) for regions \(queries) and \(keys)")
        self.widths = widths
        self.sources = sources
        grid = queries
        keyGrid = keys
        core = AttentionCore(
            scale: scale, keyWidth: widths.keys / widths.heads,
            valueWidth: widths.values / widths.heads)
    }

    // MARK: - Sizes

    /// The routes among the inputs, or nil.
    func routes(_ inputs: [Shape]) -> Int? {
        let index = sources == .packed ? 1 : 2
        return inputs.count > index ? index : nil
    }

    /// Keys that each query meets.
    func keyCount(_ inputs: [Shape]) -> Int {
        keyGrid.pixels * (routes(inputs).map { inputs[$0][2] } ?? 1)
    }

    /// `[N, H, W, valueWidth]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let q = inputs[0]
        let kv = inputs[sources == .packed ? 0 : 1]
        let offset = sources == .packed ? widths.keys : 0
        precondition(
            q.rank == 4 && kv.rank == 4 && q.map == grid.extent && kv.map == keyGrid.extent
                && kv[3] == offset + widths.keys + widths.values,
            "attention of \(inputs) by regions \(grid) and \(keyGrid)")
        return q.replacingChannels(with: widths.values)
    }

    /// Tables of pixels and the memory of a block for each lane, and packed keys where attention is
    /// computed by squares.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        guard !isBySquares else { return RoutedSquares(self, inputs).scratchCount }
        return MatrixLanes.maximum * laneCount(inputs)
    }

    private func laneCount(_ inputs: [Shape]) -> Int {
        tableCount(inputs) + core.scratchCount(queries: grid.pixels, keys: keyCount(inputs))
    }

    /// Both products of all heads.
    public func multiplyAdds(_ inputs: [Shape]) -> Int {
        inputs[0].rows * keyCount(inputs) * (widths.keys + widths.values)
    }

    /// Floats of the tables of pixels, whole vectors.
    func tableCount(_ inputs: [Shape]) -> Int {
        (grid.pixels + keyCount(inputs) + 15) / 16 * 16
    }

    // MARK: - Forward

    /// Whether widths and regions are whole groups, so that regions are packed once for all that
    /// attend to them.
    var isBySquares: Bool {
        core.keyWidth > 0 && core.keyWidth % 4 == 0 && core.valueWidth > 0
            && core.valueWidth % 32 == 0 && keyGrid.pixels % 4 == 0
    }

    /// Computes region by region, all heads of one.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        guard !isBySquares else {
            RoutedSquares(self, x.shapes).forward(x, adding: nil, into: y, scratch: scratch)
            return
        }
        let (shapes, size) = (x.shapes, laneCount(x.shapes))
        MatrixLanes.forEach(shapes[0][0] * grid.count) { piece, lane in
            let memory = scratch + lane * size
            let places = places(
                piece / grid.count, piece % grid.count, routes(shapes).map { x[$0] }, shapes,
                memory)
            for head in 0..<widths.heads {
                core.forward(
                    operands(x.pointers, shapes, head, places),
                    into: outputRows(y, head, places), scratch: memory + tableCount(shapes))
            }
        }
    }

    /// The pixels of a region and those that it attends to.
    struct Places {
        let sample: Int
        let queries: UnsafePointer<Int32>
        let keys: UnsafePointer<Int32>
        let keyCount: Int
    }

    /// Lists the pixels of a region and of those that it attends to.
    func places(
        _ sample: Int, _ region: Int, _ routes: UnsafePointer<Float>?, _ shapes: [Shape],
        _ memory: UnsafeMutablePointer<Float>
    ) -> Places {
        let table = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Int32.self)
        var next = Self.list(region, of: grid, into: table)
        let places = Places(
            sample: sample, queries: table, keys: next, keyCount: keyCount(shapes))
        let count = places.keyCount / keyGrid.pixels
        for index in 0..<count {
            next = Self.list(
                Self.route(index, of: sample * grid.count + region, routes, count) ?? region,
                of: keyGrid, into: next)
        }
        return places
    }

    /// A region that a region of the batch attends to; nil where there are no routes.
    static func route(
        _ index: Int, of region: Int, _ routes: UnsafePointer<Float>?, _ count: Int
    ) -> Int? {
        routes.map { Int($0[region * count + index]) }
    }

    /// Writes the pixels of a region; returns the place behind them.
    static func list(
        _ region: Int, of grid: RegionGrid, into table: UnsafeMutablePointer<Int32>
    ) -> UnsafeMutablePointer<Int32> {
        var next = table
        grid.forEachRun(of: region, on: grid.extent) { pixel, count in
            for index in 0..<count { next[index] = Int32(truncatingIfNeeded: pixel + index) }
            next += count
        }
        return next
    }

    /// The rows of the output of one head.
    func outputRows(
        _ y: UnsafeMutablePointer<Float>, _ head: Int, _ places: Places
    ) -> AttentionRows {
        AttentionRows(
            y + places.sample * grid.count * grid.pixels * widths.values + head * core.valueWidth,
            stride: widths.values, indices: places.queries, count: grid.pixels)
    }

    /// The rows of one head.
    func operands(
        _ x: UnsafePointer<UnsafePointer<Float>>, _ shapes: [Shape], _ head: Int, _ places: Places
    ) -> AttentionOperands {
        func rows(_ source: Int, from channel: Int, _ keys: Bool) -> AttentionRows {
            let shape = shapes[source]
            return AttentionRows(
                reading: x[source] + places.sample * shape[1] * shape[2] * shape[3] + channel,
                stride: shape[3], indices: keys ? places.keys : places.queries,
                count: keys ? places.keyCount : grid.pixels)
        }
        let source = sources == .packed ? 0 : 1
        let first = sources == .packed ? widths.keys : 0
        return AttentionOperands(
            queries: rows(0, from: head * core.keyWidth, false),
            keys: rows(source, from: first + head * core.keyWidth, true),
            values: rows(source, from: first + widths.keys + head * core.valueWidth, true))
    }

    // MARK: - Backward

    /// Keeps the inputs; each sample and head is done by one thread, since routed regions meet.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        { dy, _ in
            let shapes = inputs.map(\.shape)
            let routed = routes(shapes)
            let gradients = shapes.enumerated().map { index, shape in
                index == routed ? nil : Tensor(shape: shape, repeating: 0)
            }
            let core = core.backwardScratchCount(queries: grid.pixels, keys: keyCount(shapes))
            let size = tableCount(shapes) + core
            let pieces = shapes[0][0] * widths.heads
            let scratch = Storage(count: MatrixLanes.count(for: pieces) * size)
            MatrixLanes.forEach(pieces) { piece, lane in
                pullBack(
                    inputs, dy, gradients, sample: piece / widths.heads,
                    head: piece % widths.heads, scratch: scratch.pointer + lane * size)
            }
            return gradients
        }
    }

    private func pullBack(
        _ inputs: [Tensor], _ dy: Tensor, _ gradients: [Tensor?], sample: Int, head: Int,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let shapes = inputs.map(\.shape)
        let x = inputs.map { UnsafePointer($0.storage.pointer) }
        let dx = gradients.map { UnsafePointer(($0 ?? dy).storage.pointer) }
        let routes = routes(shapes).map { x[$0] }
        for region in 0..<grid.count {
            let places = places(sample, region, routes, shapes, scratch)
            var targets = operands(dx, shapes, head, places)
            targets.keys.adds = true
            targets.values.adds = true
            core.backward(
                operands(x, shapes, head, places),
                outputRows(dy.storage.pointer, head, places), into: targets,
                scratch: scratch + tableCount(shapes))
        }
    }
}
