/// Which simplifications a plan makes before it is laid out.
public enum GraphRewriting: Sendable {
    /// None: every operation as the model wrote it.
    case none
    /// All: constants folded, epilogues fused, weights packed.
    case all

    /// Applies the passes in order; values that nobody reads disappear at the end.
    ///
    /// - Parameter graph: A traced model.
    /// - Returns: A graph with the same inputs and outputs.
    func apply(to graph: Graph) -> Graph {
        switch self {
        case .none: return graph
        case .all:
            let editor = GraphEditor(graph)
            return editor.finish()
        }
    }
}

/// A graph that is being rewritten: nodes by the value they make, and who reads each value.
final class GraphEditor {
    private(set) var shapes: [Shape]
    private(set) var sources: [Graph.Source]
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

    /// Index of the node that makes a value, or nil for inputs and constants.
    func maker(of value: Graph.Value) -> Int? { producer[value.index] }

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
        replace(index, by: operation, inputs: inputs, output: old.output)
    }

    /// Puts another operation in the place of a node and lets it make another node's value.
    ///
    /// - Parameters:
    ///   - index: The node.
    ///   - operation: What is computed instead.
    ///   - inputs: Its operands.
    ///   - output: The value that it makes.
    func replace(
        _ index: Int, by operation: any Operation, inputs: [Graph.Value], output: Graph.Value
    ) {
        guard let old = nodes[index] else { return }
        remove(index)
        nodes[index] = Graph.Node(
            operation: operation, inputs: inputs, output: output, layer: old.layer)
        producer[output.index] = index
        for input in inputs { readers[input.index, default: []].insert(index) }
    }

    /// Removes a node; its value must be made by another one or read by nobody.
    ///
    /// - Parameter index: The node.
    func remove(_ index: Int) {
        guard let old = nodes[index] else { return }
        nodes[index] = nil
        if producer[old.output.index] == index { producer[old.output.index] = nil }
        for input in old.inputs { readers[input.index]?.remove(index) }
    }

    /// The graph without nodes whose values nobody reads.
    func finish() -> Graph {
        for index in nodes.indices.reversed() {
            guard let node = nodes[index], !outputs.contains(node.output),
                readers[node.output.index, default: []].isEmpty
            else { continue }
            remove(index)
        }
        var kept: [Graph.Node] = []
        for node in nodes.compactMap({ $0 }) {
            sources[node.output.index] = .node(kept.count)
            kept.append(node)
        }
        return Graph(shapes: shapes, sources: sources, nodes: kept, outputs: outputs)
    }
}
