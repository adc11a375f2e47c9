/// A graph that is being rewritten: nodes by the value they make, and who reads each value.
final class GraphEditor {
    private(set) var shapes: [Shape]
    private var sources: [Graph.Source]
    /// Nodes in the order of execution; nil where one was removed.
    private(set) var nodes: [Graph.Node?]
    private var outputs: [Graph.Value]
    private var producer: [Int: Int] = [:]
    private var readers: [Int: Set<Int>] = [:]

    /// Starts from a traced graph.
    ///
    /// - Parameter graph: The graph; it stays as it is.
    init(_ graph: Graph) {
        shapes = graph.shapes
        sources = graph.sources
        nodes = graph.nodes
        outputs = graph.outputs
        for (index, node) in graph.nodes.enumerated() {
            producer[node.output.index] = index
            for input in node.inputs { readers[input.index, default: []].insert(index) }
        }
    }

    // MARK: - Looking

    /// Index of the node that makes a value, or nil for inputs and constants.
    func maker(of value: Graph.Value) -> Int? { producer[value.index] }

    /// The nodes that read a value, in the order of execution.
    func allReaders(of value: Graph.Value) -> [Int] { readers[value.index, default: []].sorted() }

    /// Index of the only node that reads a value which is no output of the model, or nil.
    func onlyReader(of value: Graph.Value) -> Int? {
        guard !outputs.contains(value), let all = readers[value.index], all.count == 1 else {
            return nil
        }
        return all.first
    }

    /// The constant behind a value, or nil.
    func constant(_ value: Graph.Value) -> Tensor? {
        guard case .constant(let tensor) = sources[value.index] else { return nil }
        return tensor
    }

    /// Shape of a value.
    func shape(_ value: Graph.Value) -> Shape { shapes[value.index] }

    // MARK: - Rewriting

    /// Adds a constant.
    ///
    /// - Parameter tensor: Its elements.
    /// - Returns: The new value.
    func add(constant tensor: Tensor) -> Graph.Value {
        shapes.append(tensor.shape)
        sources.append(.constant(tensor))
        return Graph.Value(index: shapes.count - 1)
    }

    /// Puts another operation in the place of a node; it makes the same value.
    ///
    /// - Parameters:
    ///   - index: The node.
    ///   - operation: What is computed instead.
    ///   - inputs: Its operands.
    func replace(_ index: Int, by operation: any Operation, inputs: [Graph.Value]) {
        guard let old = nodes[index] else { return }
        put(
            Graph.Node(
                operation: operation, inputs: inputs, output: old.output, layer: old.layer),
            at: index)
    }

    /// Joins a node with the one that reads it: one operation makes the reader's value, where the
    /// reader stood and all its operands are known.
    ///
    /// - Parameters:
    ///   - index: The node; nobody else reads its value.
    ///   - reader: The node that reads it.
    ///   - operation: What is computed instead of both, under the first one's name.
    ///   - inputs: Its operands.
    func join(
        _ index: Int, with reader: Int, as operation: any Operation, inputs: [Graph.Value]
    ) {
        guard let first = nodes[index], let last = nodes[reader] else { return }
        remove(index)
        put(
            Graph.Node(
                operation: operation, inputs: inputs, output: last.output, layer: first.layer),
            at: reader)
    }

    private func put(_ node: Graph.Node, at index: Int) {
        remove(index)
        nodes[index] = node
        producer[node.output.index] = index
        for input in node.inputs { readers[input.index, default: []].insert(index) }
    }

    private func remove(_ index: Int) {
        guard let old = nodes[index] else { return }
        nodes[index] = nil
        producer[old.output.index] = nil
        for input in old.inputs { readers[input.index]?.remove(index) }
    }

    // MARK: - The result

    /// The graph without nodes and constants that nobody reads.
    func finish() -> Graph {
        for index in nodes.indices.reversed() {
            guard let node = nodes[index], !outputs.contains(node.output),
                readers[node.output.index, default: []].isEmpty
            else { continue }
            remove(index)
        }
        let kept = nodes.compactMap { $0 }
        for (index, node) in kept.enumerated() { sources[node.output.index] = .node(index) }
        let numbers = newNumbers(kept)
        func renumbered(_ value: Graph.Value) -> Graph.Value {
            Graph.Value(index: numbers[value.index] ?? 0)
        }
        let used = shapes.indices.filter { numbers[$0] != nil }
        return Graph(
            shapes: used.map { shapes[$0] }, sources: used.map { sources[$0] },
            nodes: kept.map { node in
                Graph.Node(
                    operation: node.operation, inputs: node.inputs.map(renumbered),
                    output: renumbered(node.output), layer: node.layer)
            }, outputs: outputs.map(renumbered))
    }

    /// New numbers of the model's inputs and of all values that are made, read or put out.
    private func newNumbers(_ kept: [Graph.Node]) -> [Int: Int] {
        var used = Set(outputs.map(\.index))
        for node in kept {
            used.insert(node.output.index)
            used.formUnion(node.inputs.map(\.index))
        }
        for (value, source) in sources.enumerated() {
            if case .input = source { used.insert(value) }
        }
        let sorted = used.sorted()
        return Dictionary(uniqueKeysWithValues: zip(sorted, sorted.indices))
    }
}
