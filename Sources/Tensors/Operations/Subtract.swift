import KernelInterface

/// Difference of two tensors of one shape; `da = dy`, `db = -dy`.
public struct Subtract: Operation {
    /// The name in layer tables.
    public let name = "Subtract"

    /// Makes the operation.
    public init() {}

    /// The common shape of both inputs.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[0] == inputs[1], "\(inputs[0]) - \(inputs[1])")
        return inputs[0]
    }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Elements.apply(kernels.elementwise.subtract, x[0], x[1], into: y, count: x.shapes[0].count)
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        { dy, needs in [dy, needs[1] ? dy.multiplied(by: -1) : nil] }
    }
}

extension Tensor {
    /// The difference, element by element.
    ///
    /// - Parameters:
    ///   - left: Any shape.
    ///   - right: The same shape.
    /// - Returns: The difference, of the same shape.
    public static func - (left: Tensor, right: Tensor) -> Tensor { Subtract()(left, right) }
}
