import KernelInterface

/// Routed attention by squares of queries and keys.
///
/// The keys of every region and head are packed once, then read in place by all regions that
/// attend to them.
struct RoutedSquares {
    private let attention: RoutedAttention
    private let shapes: [Shape]
    private let sizes: AttentionSquareSizes
    /// Floats of the packed keys of a region and head.
    private let regionSize: Int
    /// Keys that each query meets.
    private let keyCount: Int

    /// Prepares a call.
    ///
    /// - Parameters:
    ///   - attention: The operation; its regions are whole groups of four pixels.
    ///   - shapes: Shapes of its inputs.
    init(_ attention: RoutedAttention, _ shapes: [Shape]) {
        self.attention = attention
        self.shapes = shapes
        let core = attention.core
        sizes = AttentionSquareSizes(
            keyWidth: core.keyWidth, valueWidth: core.valueWidth, scale: core.scale)
        regionSize = attention.keyGrid.pixels * core.keyWidth
        keyCount = attention.keyCount(shapes)
    }

    private var heads: Int { attention.widths.heads }

    /// Regions of a sample.
    private var regions: Int { attention.grid.count }

    /// Floats of the packed keys of a sample.
    private var sampleSize: Int { heads * regions * regionSize }

    /// Floats of the places of groups.
    private var groupCount: Int { (keyCount / 4 + 15) / 16 * 16 }

    private var laneCount: Int {
        attention.tableCount(shapes) + groupCount
            + sizes.scratchCount(keys: keyCount)
    }

    /// Packed keys of all samples, then tables and the memory of a block for each lane.
    var scratchCount: Int {
        (shapes[0][0] * sampleSize + 15) / 16 * 16 + MatrixLanes.maximum * laneCount
    }

    /// Packs all keys, then computes region by region, all heads of one.
    ///
    /// - Parameters:
    ///   - x: The inputs.
    ///   - residual: As many elements as the output, added to it; nil for nothing.
    ///   - y: Room for the output.
    ///   - scratch: Room for `scratchCount` floats.
    func forward(
        _ x: Operands, adding residual: UnsafePointer<Float>?,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let pieces = shapes[0][0] * regions
        let lanes = scratch + (shapes[0][0] * sampleSize + 15) / 16 * 16
        let routes = attention.routes(shapes).map { x[$0] }
        MatrixLanes.forEach(pieces) { piece, lane in
            pack(piece, x, memory: lanes + lane * laneCount, into: scratch)
        }
        MatrixLanes.forEach(pieces) { piece, lane in
            let memory = lanes + lane * laneCount
            let places = attention.places(
                piece / regions, piece % regions, routes, shapes, memory)
            let groups = self.groups(piece, routes, memory + attention.tableCount(shapes))
            let working = memory + attention.tableCount(shapes) + groupCount
            for head in 0..<heads {
                let rows = attention.operands(x.pointers, shapes, head, places)
                let output = attention.outputRows(y, head, places)
                let packed = scratch + places.sample * sampleSize + head * regions * regionSize
                var squares = AttentionSquares(
                    queries: rows.queries, keys: (UnsafePointer(packed), groups),
                    values: rows.values, output: output, sizes: sizes)
                squares.residual = residual.map { $0 + (output.base - y) }
                kernels.attention.squares.attend(squares, working)
            }
        }
    }

    /// Packs the keys of a region; the regions of a head follow each other, since those that are
    /// read together would share a few sets of the cache if all heads stood between them.
    private func pack(
        _ piece: Int, _ x: Operands, memory: UnsafeMutablePointer<Float>,
        into packed: UnsafeMutablePointer<Float>
    ) {
        let (sample, region) = (piece / regions, piece % regions)
        let table = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Int32.self)
        _ = RoutedAttention.list(region, of: attention.keyGrid, into: table)
        let pixels = attention.keyGrid.pixels
        let places = RoutedAttention.Places(
            sample: sample, queries: table, keys: table, keyCount: pixels)
        for head in 0..<heads {
            kernels.attention.squares.pack(
                attention.operands(x.pointers, shapes, head, places).keys,
                packed + sample * sampleSize + (head * regions + region) * regionSize,
                attention.core.keyWidth)
        }
    }

    /// Lists where the groups begin that a region attends to, from the first region of its head on.
    private func groups(
        _ piece: Int, _ routes: UnsafePointer<Float>?, _ memory: UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Int32> {
        let list = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Int32.self)
        let (size, perRegion) = (4 * attention.core.keyWidth, attention.keyGrid.pixels / 4)
        let count = keyCount / attention.keyGrid.pixels
        for index in 0..<count {
            let region =
                RoutedAttention.route(index, of: piece, routes, count) ?? piece % regions
            for group in 0..<perRegion {
                list[index * perRegion + group] = Int32(
                    truncatingIfNeeded: region * regionSize + group * size)
            }
        }
        return UnsafePointer(list)
    }
}

/// Routed attention by squares plus a tensor like its output.
///
/// Inputs: those of the attention, then that tensor.
struct FusedRoutedAttention: InferenceOperation {
    /// The attention.
    let attention: RoutedAttention
    /// Shapes of its inputs.
    let shapes: [Shape]

    var name: String { attention.name + "+residual" }

    func outputShape(_ inputs: [Shape]) -> Shape { attention.outputShape(shapes) }

    func scratchCount(_ inputs: [Shape]) -> Int { attention.scratchCount(shapes) }

    func multiplyAdds(_ inputs: [Shape]) -> Int { attention.multiplyAdds(shapes) }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        RoutedSquares(attention, shapes).forward(
            x, adding: x[shapes.count], into: y, scratch: scratch)
    }
}
