import Parallelism

/// A traced model, ready to be replayed: folded, fused, its buffers laid out in one arena.
///
/// A replay allocates nothing. Results lie in the arena until the next replay.
public final class Plan: @unchecked Sendable {
    // @unchecked: a plan belongs to the thread that replays it.

    /// One operation with the addresses of its operands.
    private struct Step {
        let operation: any Operation
        let shapes: [Shape]
        let operands: UnsafeMutablePointer<UnsafePointer<Float>>
        let output: UnsafeMutablePointer<Float>
    }

    /// The graph that is replayed, after folding and fusing.
    public let graph: Graph
    /// Floats of the arena: intermediate values and working memory.
    public let arenaCount: Int
    /// Shapes of the outputs.
    public let outputShapes: [Shape]

    private let arena: Storage
    private let scratch: UnsafeMutablePointer<Float>
    private var calls: [Step] = []
    private var inputs: [UnsafeMutablePointer<Float>] = []
    private var outputs: [UnsafePointer<Float>] = []
    private let operandLists: UnsafeMutablePointer<UnsafePointer<Float>>

    /// Prepares a graph for replay.
    ///
    /// - Parameters:
    ///   - graph: A traced model.
    ///   - rewriting: Whether operations are folded and fused first.
    public init(_ graph: Graph, rewriting: GraphRewriting = .all) {
        let graph = rewriting.apply(to: graph)
        self.graph = graph
        let layout = ArenaLayout(graph)
        let scratchCount =
            graph.nodes.map { node in
                node.operation.scratchCount(node.inputs.map { graph.shapes[$0.index] })
            }.max() ?? 0
        arenaCount = layout.count + scratchCount
        arena = Storage(count: arenaCount)
        scratch = arena.pointer + layout.count
        outputShapes = graph.outputs.map { graph.shapes[$0.index] }
        let operandCount = graph.nodes.reduce(0) { $0 + $1.inputs.count }
        operandLists = .allocate(capacity: max(1, operandCount))
        resolve(layout)
    }

    deinit { operandLists.deallocate() }

    private func resolve(_ layout: ArenaLayout) {
        let base = arena.pointer
        func address(_ value: Graph.Value) -> UnsafeMutablePointer<Float> {
            if case .constant(let tensor) = graph.sources[value.index] {
                return tensor.storage.pointer
            }
            return base + layout.offsets[value.index]
        }
        var list = operandLists
        for node in graph.nodes where !node.operation.isAlias {
            for (index, input) in node.inputs.enumerated() {
                (list + index).initialize(to: UnsafePointer(address(input)))
            }
            calls.append(
                Step(
                    operation: node.operation,
                    shapes: node.inputs.map { graph.shapes[$0.index] }, operands: list,
                    output: address(node.output)))
            list += node.inputs.count
        }
        for (index, source) in graph.sources.enumerated() {
            guard case .input = source else { continue }
            inputs.append(base + layout.offsets[index])
        }
        outputs = graph.outputs.map { UnsafePointer(address($0)) }
    }

    /// The operations that a replay computes, in order: names of layer and operation, and the
    /// multiply-adds of a call.
    public var steps: [(name: String, multiplyAdds: Int)] {
        graph.nodes.filter { !$0.operation.isAlias }.map { node in
            let shapes = node.inputs.map { graph.shapes[$0.index] }
            let layer = node.layer.isEmpty ? "" : node.layer + " "
            return (layer + node.operation.name, node.operation.multiplyAdds(shapes))
        }
    }

    /// The algorithm of each of `steps`, nil for operations that have only one.
    ///
    /// What a fast one cannot take falls back to a general one, which has a name as well.
    public var algorithms: [String?] {
        graph.nodes.filter { !$0.operation.isAlias }.map { node in
            node.operation.algorithm(node.inputs.map { graph.shapes[$0.index] })
        }
    }

    /// Where the elements of an input are written before a replay.
    ///
    /// - Parameter index: Number of the input.
    /// - Returns: The first element.
    public func input(_ index: Int) -> UnsafeMutablePointer<Float> { inputs[index] }

    /// The elements of an output after a replay.
    ///
    /// - Parameter index: Number of the output.
    /// - Returns: The first element.
    public func output(_ index: Int) -> UnsafePointer<Float> { outputs[index] }

    /// Runs all operations on what stands in the inputs.
    public func replay() {
        for step in calls {
            step.operation.forward(
                Operands(shapes: step.shapes, pointers: UnsafePointer(step.operands)),
                into: step.output, scratch: scratch)
        }
    }

    /// Runs all operations and hands the time of each to `report`.
    ///
    /// - Parameter report: Index of the operation among those that compute, and nanoseconds.
    public func replay(timing report: (_ step: Int, _ nanoseconds: UInt64) -> Void) {
        let clock = ContinuousClock()
        for (index, step) in calls.enumerated() {
            let elapsed = clock.measure {
                step.operation.forward(
                    Operands(shapes: step.shapes, pointers: UnsafePointer(step.operands)),
                    into: step.output, scratch: scratch)
            }
            let (seconds, attoseconds) = elapsed.components
            report(index, UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000))
        }
    }

    /// Copies inputs in, replays and copies the outputs out.
    ///
    /// - Parameter tensors: One tensor an input, of the traced shapes.
    /// - Returns: The outputs.
    public func callAsFunction(_ tensors: [Tensor]) -> [Tensor] {
        for (index, tensor) in tensors.enumerated() {
            tensor.withElements { inputs[index].update(from: $0, count: tensor.count) }
        }
        replay()
        return outputShapes.enumerated().map { index, shape in
            Tensor(shape: shape) { $0.update(from: outputs[index], count: shape.count) }
        }
    }
}
