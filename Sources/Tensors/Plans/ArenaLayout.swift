/// Places of all values of a graph in one block, by lifetime.
///
/// A value lives from the operation that makes it to the last one that reads it; two values
/// share memory only when their lives do not meet. Values are placed in the order of their size,
/// largest first, each at the lowest free offset.
struct ArenaLayout {
    /// Offset of each value in floats; constants have none and keep 0.
    private(set) var offsets: [Int]
    /// Floats of the block.
    private(set) var count = 0

    private struct Life {
        let value: Int
        let first: Int
        var last: Int
        let count: Int
    }

    /// Lays out a graph.
    ///
    /// - Parameter graph: The graph.
    init(_ graph: Graph) {
        offsets = [Int](repeating: 0, count: graph.shapes.count)
        let owners = Self.owners(graph)
        var placed: [(life: Life, offset: Int)] = []
        for life in Self.lives(graph, owners).sorted(by: {
            ($0.count, $1.value) > ($1.count, $0.value)
        }) {
            var offset = 0
            let neighbours = placed.filter {
                $0.life.first <= life.last && life.first <= $0.life.last
            }
            for other in neighbours.sorted(by: { $0.offset < $1.offset }) {
                if offset + life.count <= other.offset { break }
                offset = max(offset, other.offset + other.life.count)
            }
            placed.append((life, offset))
            offsets[life.value] = offset
            count = max(count, offset + life.count)
        }
        for value in offsets.indices { offsets[value] = offsets[owners[value]] }
    }

    /// For each value the one whose memory it uses: itself, or what it is an alias of.
    private static func owners(_ graph: Graph) -> [Int] {
        var owners = Array(graph.shapes.indices)
        for node in graph.nodes where node.operation.isAlias {
            owners[node.output.index] = owners[node.inputs[0].index]
        }
        return owners
    }

    private static func lives(_ graph: Graph, _ owners: [Int]) -> [Life] {
        var lives: [Int: Life] = [:]
        func begin(_ value: Int, at time: Int) {
            // Rounded to 64 bytes, and 16 floats that kernels may read past the end.
            let count = (graph.shapes[value].count + 31) / 16 * 16
            lives[value] = Life(value: value, first: time, last: time, count: count)
        }
        func extend(_ value: Int, to time: Int) {
            guard let last = lives[value]?.last else { return }
            lives[value]?.last = max(last, time)
        }
        // Inputs live all the time: a caller may replay again on what it wrote.
        for (value, source) in graph.sources.enumerated() {
            guard case .input = source else { continue }
            begin(value, at: -1)
            lives[value]?.last = graph.nodes.count
        }
        for (time, node) in graph.nodes.enumerated() {
            if owners[node.output.index] == node.output.index { begin(node.output.index, at: time) }
            for input in node.inputs { extend(owners[input.index], to: time) }
        }
        for output in graph.outputs { extend(owners[output.index], to: graph.nodes.count) }
        return lives.values.sorted { $0.value < $1.value }
    }
}
