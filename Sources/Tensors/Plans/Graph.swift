/// The operations of a model as a list, traced by running it on symbolic tensors.
public final class Graph: @unchecked Sendable {
    // @unchecked: filled by the thread that traces, read-only afterwards.

    @TaskLocal private static var tracing: Graph?

    /// The graph that is being traced now, or nil.
    static var current: Graph? { tracing }

    /// A value of the graph by its number.
    public struct Value: Hashable, Sendable {
        /// Index in `Graph.values`.
        public let index: Int
    }

    /// Where a value comes from.
    public enum Source: Sendable {
        /// The n-th input of the model.
        case input(Int)
        /// A parameter, buffer or other constant.
        case constant(Tensor)
        /// The output of the n-th node.
        case node(Int)
    }

    /// One operation.
    public struct Node: Sendable {
        /// What is computed.
        public let operation: any Operation
        /// Its operands.
        public let inputs: [Value]
        /// Its output.
        public let output: Value
        /// Names of the layers around it, outermost first, joined by dots.
        public let layer: String
    }

    /// Shape of every value.
    public private(set) var shapes: [Shape] = []
    /// Source of every value.
    public private(set) var sources: [Source] = []
    /// The operations in the order of their execution.
    public private(set) var nodes: [Node] = []
    /// The values that the model returned.
    public private(set) var outputs: [Value] = []
    private var layers: [String] = []
    private var constants: [ObjectIdentifier: Value] = [:]

    private init() {}

    /// Makes a graph from its parts, for rewriting.
    init(shapes: [Shape], sources: [Source], nodes: [Node], outputs: [Value]) {
        self.shapes = shapes
        self.sources = sources
        self.nodes = nodes
        self.outputs = outputs
    }

    /// Runs a model on symbolic tensors and keeps its operations.
    ///
    /// - Parameters:
    ///   - inputs: Shapes of the inputs.
    ///   - model: The forward pass.
    /// - Returns: The graph.
    public static func trace(inputs: [Shape], _ model: ([Tensor]) throws -> [Tensor]) rethrows
        -> Graph
    {
        let graph = Graph()
        try $tracing.withValue(graph) {
            let symbols = inputs.enumerated().map { index, shape in
                Tensor(
                    shape: shape, contents: .symbolic(graph.add(shape, .input(index))))
            }
            let outputs = try model(symbols)
            graph.outputs = outputs.map(graph.value)
        }
        return graph
    }

    /// Names the operations inside `body` after a layer, for tables; without a trace it only runs.
    ///
    /// - Parameters:
    ///   - name: The layer's name.
    ///   - body: Its forward pass.
    /// - Returns: What `body` returns.
    public static func named<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
        guard let graph = tracing else { return try body() }
        graph.layers.append(name)
        defer { graph.layers.removeLast() }
        return try body()
    }

    /// Multiply-adds of all operations.
    public var multiplyAdds: Int {
        nodes.reduce(0) { sum, node in
            sum + node.operation.multiplyAdds(node.inputs.map { shapes[$0.index] })
        }
    }

    func append(_ operation: any Operation, inputs: [Tensor], shape: Shape) -> Tensor {
        let operands = inputs.map(value)
        let output = add(shape, .node(nodes.count))
        nodes.append(
            Node(
                operation: operation, inputs: operands, output: output,
                layer: layers.joined(separator: ".")))
        return Tensor(shape: shape, contents: .symbolic(output))
    }

    /// The value of a tensor: its own, or a constant of the graph, one for each block of elements.
    private func value(of tensor: Tensor) -> Value {
        switch tensor.contents {
        case .symbolic(let value): return value
        case .stored(let storage):
            let key = ObjectIdentifier(storage)
            if let known = constants[key], shapes[known.index] == tensor.shape { return known }
            let value = add(tensor.shape, .constant(tensor.detached))
            constants[key] = value
            return value
        }
    }

    private func add(_ shape: Shape, _ source: Source) -> Value {
        shapes.append(shape)
        sources.append(source)
        return Value(index: shapes.count - 1)
    }
}
