import KernelInterface

/// What a pullback gives: for each input its gradient, or nil where none was asked for.
///
/// Arguments: the gradient of the output, and for each input whether its gradient is needed.
public typealias Pullback = @Sendable (_ dy: Tensor, _ needs: [Bool]) -> [Tensor?]

/// The place where the gradient of a leaf arrives; a parameter owns one.
public final class GradientSink: @unchecked Sendable {
    // @unchecked: only the thread that walks the tape touches it.

    /// The sum of all gradients since it was last cleared, or nil.
    public var value: Tensor?
    /// Operations of the tape that is walked which may still add to it.
    fileprivate var pendingUses = 0

    /// Makes an empty sink.
    public init() {}
}

/// The operations of one forward pass, in order, for one walk back.
///
/// Nothing is recorded outside `Tape.record`.
public final class Tape: @unchecked Sendable {
    // @unchecked: a tape is filled and walked by the thread that records it.

    @TaskLocal private static var recording: Tape?

    /// The tape that records now, or nil.
    static var current: Tape? { recording }

    private var nodes: [Node] = []
    private let profile: TapeProfile?

    private init(profile: TapeProfile?) { self.profile = profile }

    /// One operation, or a leaf, whose gradient somebody wants.
    final class Node: @unchecked Sendable {
        let name: String
        let shape: Shape
        let multiplyAdds: Int
        var inputs: [Node?]
        var pullback: Pullback?
        let sink: GradientSink?
        var gradient: Tensor?

        init(
            _ name: String, shape: Shape, multiplyAdds: Int = 0, inputs: [Node?],
            pullback: Pullback?, sink: GradientSink? = nil
        ) {
            self.name = name
            self.shape = shape
            self.multiplyAdds = multiplyAdds
            self.inputs = inputs
            self.pullback = pullback
            self.sink = sink
        }

        func receive(_ dy: Tensor) {
            if let sink {
                Tape.accumulate(dy, into: &sink.value)
            } else {
                Tape.accumulate(dy, into: &gradient)
            }
        }
    }

    /// Runs `body` and keeps every operation on tensors that lead back to a leaf.
    ///
    /// - Parameters:
    ///   - profile: Takes the time of each operation, forward and backward, if given.
    ///   - body: The forward pass.
    /// - Returns: What `body` returns, and the tape.
    public static func record<R>(
        profile: TapeProfile? = nil, _ body: () throws -> R
    ) rethrows -> (result: R, tape: Tape) {
        let tape = Tape(profile: profile)
        let result = try $recording.withValue(tape) { try body() }
        return (result, tape)
    }

    /// Runs `body` without recording, also inside `record`.
    ///
    /// - Parameter body: What is not to be differentiated.
    /// - Returns: What `body` returns.
    public static func paused<R>(_ body: () throws -> R) rethrows -> R {
        try $recording.withValue(nil) { try body() }
    }

    /// Whether a tape records now.
    public static var isRecording: Bool { recording != nil }

    /// Walks back from `outputs`, gives each leaf its gradient and frees what was kept.
    ///
    /// - Parameters:
    ///   - outputs: Tensors of this tape, each with the gradient that it starts from.
    ///   - complete: Called with each leaf's sink as soon as no operation that is left uses the
    ///     leaf: nothing of the tape keeps its elements any more, and a gradient that has arrived
    ///     is whole.
    public func backward(
        from outputs: [(tensor: Tensor, gradient: Tensor)],
        complete: (GradientSink) -> Void = { _ in }
    ) {
        countUses()
        for (tensor, gradient) in outputs { tensor.node?.receive(gradient) }
        while let node = nodes.popLast() {
            walk(through: node)
            for case let sink? in node.inputs.map({ $0?.sink }) {
                sink.pendingUses -= 1
                if sink.pendingUses == 0 {
                    complete(sink)
                    profile?.mark("leaf complete", [], multiplyAdds: 0)
                }
            }
            node.inputs = []
        }
    }

    /// Counts for each leaf the operations that use it.
    private func countUses() {
        let sinks = nodes.flatMap { $0.inputs.compactMap { $0?.sink } }
        for sink in sinks { sink.pendingUses = 0 }
        for sink in sinks { sink.pendingUses += 1 }
    }

    /// Gives the inputs of one operation their gradients; what it kept is free afterwards.
    private func walk(through node: Node) {
        guard let pullback = node.pullback else { return }
        node.pullback = nil
        guard let dy = node.gradient else { return }
        node.gradient = nil
        let gradients = pullback(dy, node.inputs.map { $0 != nil })
        for (input, gradient) in zip(node.inputs, gradients) {
            if let input, let gradient { input.receive(gradient) }
        }
        let products = gradients.count { $0 != nil }
        profile?.mark(
            node.name + " backward", node.shape,
            multiplyAdds: min(products, 2) * node.multiplyAdds)
    }

    /// Walks back from a scalar, with gradient 1.
    ///
    /// - Parameter loss: A tensor of this tape with one element.
    public func backward(from loss: Tensor) {
        backward(from: [(loss, Tensor(shape: loss.shape, repeating: 1))])
    }

    /// Adds a gradient to what has arrived, in place when nobody else holds that block.
    private static func accumulate(_ dy: Tensor, into slot: inout Tensor?) {
        guard case .stored(var block)? = slot?.contents else {
            slot = dy
            return
        }
        slot = nil
        let shape = dy.shape
        if isKnownUniquelyReferenced(&block) {
            addElements(block.pointer, dy.storage.pointer, block.pointer, shape.count)
            slot = Tensor(shape: shape, storage: block)
        } else {
            slot = Tensor(shape: shape) {
                addElements(block.pointer, dy.storage.pointer, $0, shape.count)
            }
        }
    }

    private static func addElements(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
        _ count: Int
    ) {
        forEachBlock(count) {
            kernels.elementwise.add(
                a + $0.lowerBound, b + $0.lowerBound, y + $0.lowerBound, $0.count)
        }
    }

    fileprivate func append(_ node: Node) {
        nodes.append(node)
        profile?.mark(node.name, node.shape, multiplyAdds: node.multiplyAdds)
    }
}

extension Tensor {
    /// The tensor as a leaf of the recording tape: its gradient arrives in `sink`.
    ///
    /// - Parameter sink: Where the gradient arrives.
    /// - Returns: The same elements; without a recording tape, the tensor itself.
    public func leaf(_ sink: GradientSink) -> Tensor {
        guard Tape.current != nil, !isSymbolic else { return self }
        let node = Tape.Node("leaf", shape: shape, inputs: [], pullback: nil, sink: sink)
        return Tensor(shape: shape, contents: contents, node: node)
    }

    /// Whether a gradient will be asked for.
    public var needsGradient: Bool { node != nil && Tape.current != nil }

    /// The tensor as the output of an operation, recorded if a tape runs and an input leads to a leaf.
    ///
    /// - Parameters:
    ///   - inputs: What the operation was given.
    ///   - name: The operation's name in profiles.
    ///   - multiplyAdds: Those of the forward pass, for profiles.
    ///   - pullback: Makes the pullback; called only when it will be needed.
    /// - Returns: The same elements.
    public func recorded(
        from inputs: [Tensor], named name: String = "operation", multiplyAdds: Int = 0,
        pullback: () -> Pullback
    ) -> Tensor {
        guard let tape = Tape.current, inputs.contains(where: { $0.node != nil }) else {
            return self
        }
        let node = Tape.Node(
            name, shape: shape, multiplyAdds: multiplyAdds, inputs: inputs.map(\.node),
            pullback: pullback())
        tape.append(node)
        return Tensor(shape: shape, contents: contents, node: node)
    }
}
