/// The operands of one call of an operation: shapes and first elements, side by side.
public struct Operands {
    /// Shapes of the inputs.
    public let shapes: [Shape]
    /// First elements of the inputs.
    public let pointers: UnsafePointer<UnsafePointer<Float>>

    /// Makes a list of operands; the pointers must outlive it.
    public init(shapes: [Shape], pointers: UnsafePointer<UnsafePointer<Float>>) {
        self.shapes = shapes
        self.pointers = pointers
    }

    /// The first element of an input.
    public subscript(index: Int) -> UnsafePointer<Float> { pointers[index] }
}

/// A differentiable operation with one output.
///
/// The forward part works on raw memory and allocates nothing, so that a tape and a plan share
/// it. Shapes are checked by `outputShape`, before any element is touched.
public protocol Operation: Sendable {
    /// The name in layer tables and in ONNX.
    var name: String { get }

    /// The shape of the output; traps on shapes that cannot be combined.
    ///
    /// - Parameter inputs: Shapes of the inputs.
    /// - Returns: The output's shape.
    func outputShape(_ inputs: [Shape]) -> Shape

    /// Floats of working memory that `forward` needs beside its output.
    ///
    /// - Parameter inputs: Shapes of the inputs.
    /// - Returns: Number of floats.
    func scratchCount(_ inputs: [Shape]) -> Int

    /// Multiply-adds of one call: those of convolutions and matrix products, else 0.
    ///
    /// - Parameter inputs: Shapes of the inputs.
    /// - Returns: Number of multiply-adds.
    func multiplyAdds(_ inputs: [Shape]) -> Int

    /// The algorithm that computes these shapes, where there are several; nil where there is one.
    ///
    /// - Parameter inputs: Shapes of the inputs.
    /// - Returns: Its name in tables.
    func algorithm(_ inputs: [Shape]) -> String?

    /// Whether the output has the first input's elements in the same order, so that a plan need
    /// not copy them.
    var isAlias: Bool { get }

    /// Computes the output.
    ///
    /// - Parameters:
    ///   - x: The inputs.
    ///   - y: Room for the output.
    ///   - scratch: Room for `scratchCount` floats.
    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>)

    /// Makes the pullback, keeping of the inputs and the output only what it needs.
    ///
    /// - Parameters:
    ///   - inputs: The inputs of this call.
    ///   - output: Its output.
    /// - Returns: The pullback.
    func pullback(inputs: [Tensor], output: Tensor) -> Pullback
}

extension Operation {
    /// No working memory.
    public func scratchCount(_ inputs: [Shape]) -> Int { 0 }

    /// The output is computed.
    public var isAlias: Bool { false }

    /// There is one algorithm.
    public func algorithm(_ inputs: [Shape]) -> String? { nil }

    /// No multiply-adds.
    public func multiplyAdds(_ inputs: [Shape]) -> Int { 0 }

    /// Applies the operation: computes it, or adds it to the graph that is being traced.
    ///
    /// - Parameter inputs: The operands.
    /// - Returns: The output, recorded on the tape if one runs.
    public func callAsFunction(_ inputs: Tensor...) -> Tensor { apply(to: inputs) }

    /// Applies the operation to a list of operands.
    ///
    /// - Parameter inputs: The operands.
    /// - Returns: The output, recorded on the tape if one runs.
    public func apply(to inputs: [Tensor]) -> Tensor {
        let shapes = inputs.map(\.shape)
        let shape = outputShape(shapes)
        if let graph = Graph.current {
            return graph.append(self, inputs: inputs, shape: shape)
        }
        let detached = inputs.map(\.detached)
        let output = Tensor(shape: shape) { y in
            let pointers = detached.map { UnsafePointer($0.storage.pointer) }
            let scratch = Storage(count: scratchCount(shapes))
            pointers.withUnsafeBufferPointer { list in
                guard let base = list.baseAddress else { return }
                forward(
                    Operands(shapes: shapes, pointers: base), into: y, scratch: scratch.pointer)
            }
        }
        return output.recorded(
            from: inputs, named: name, multiplyAdds: multiplyAdds(shapes)
        ) {
            pullback(inputs: detached, output: output)
        }
    }
}
