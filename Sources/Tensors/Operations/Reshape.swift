/// The same elements under another shape.
public struct Reshape: Operation {
    /// The name in layer tables.
    public let name = "Reshape"
    /// The new shape.
    public let shape: Shape
    /// The output may share its input's elements.
    public let isAlias = true

    /// Makes the operation.
    ///
    /// - Parameter shape: The new shape, of the same count.
    public init(shape: Shape) { self.shape = shape }

    /// The new shape.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[0].count == shape.count, "\(inputs[0]) as \(shape)")
        return shape
    }

    /// Copies, where a plan does not let both share their elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let source = x[0]
        if source != UnsafePointer(y) { y.update(from: source, count: shape.count) }
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let shape = inputs[0].shape
        return { dy, _ in [dy.reshaped(shape)] }
    }
}

extension Tensor {
    /// The same elements, row-major, under another shape; nothing is copied outside a trace.
    ///
    /// - Parameter shape: The new shape, of the same count.
    /// - Returns: A tensor that shares the elements.
    public func reshaped(_ shape: Shape) -> Tensor {
        if shape == self.shape { return self }
        guard !isSymbolic else { return Reshape(shape: shape)(self) }
        precondition(count == shape.count, "\(self.shape) as \(shape)")
        let old = self.shape
        return Tensor(shape: shape, contents: contents).recorded(from: [self]) {
            { dy, _ in [dy.reshaped(old)] }
        }
    }
}
