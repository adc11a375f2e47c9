import KernelInterface

/// Product of two tensors of one shape; `da = dy b`, `db = dy a`.
public struct Multiply: Operation {
    /// The name in layer tables.
    public let name = "Multiply"

    /// Makes the operation.
    public init() {}

    /// The common shape of both inputs.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[0] == inputs[1], "\(inputs[0]) * \(inputs[1])")
        return inputs[0]
    }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Elements.apply(kernels.elementwise.multiply, x[0], x[1], into: y, count: x.shapes[0].count)
    }

    /// Keeps both inputs.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (a, b) = (inputs[0], inputs[1])
        return { dy, needs in
            [
                needs[0] ? Elements.apply(kernels.elementwise.multiply, dy, b) : nil,
                needs[1] ? Elements.apply(kernels.elementwise.multiply, dy, a) : nil,
            ]
        }
    }
}

extension Tensor {
    /// The product, element by element.
    ///
    /// - Parameters:
    ///   - left: Any shape.
    ///   - right: The same shape.
    /// - Returns: The product, of the same shape.
    public static func * (left: Tensor, right: Tensor) -> Tensor { Multiply()(left, right) }
}
