import KernelInterface

/// Sum of two tensors of one shape; `da = db = dy`.
public struct Add: Operation {
    /// The name in layer tables.
    public let name = "Add"

    /// Makes the operation.
    public init() {}

    /// The common shape of both inputs.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[0] == inputs[1], "\(inputs[0]) + \(inputs[1])")
        return inputs[0]
    }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Elements.apply(kernels.elementwise.add, x[0], x[1], into: y, count: x.shapes[0].count)
    }

    /// Keeps nothing: both gradients are `dy` itself.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        { dy, _ in [dy, dy] }
    }
}

extension Tensor {
    /// The sum, element by element.
    ///
    /// - Parameters:
    ///   - left: Any shape.
    ///   - right: The same shape.
    /// - Returns: The sum, of the same shape.
    public static func + (left: Tensor, right: Tensor) -> Tensor { Add()(left, right) }
}
