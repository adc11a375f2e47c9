import KernelInterface

/// Exponential function, element by element.
///
/// `y = exp(x)` within 2 units in the last place, `dx = dy y`. Any shape.
public struct Exponential: Operation {
    /// The name in layer tables.
    public let name = "Exponential"

    /// Makes the operation.
    public init() {}

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape { inputs[0] }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Elements.apply(kernels.activation.exponential, x[0], into: y, count: x.shapes[0].count)
    }

    /// Keeps the output alone.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let kept = output
        return { dy, _ in [Elements.apply(kernels.elementwise.multiply, dy, kept)] }
    }
}

extension Tensor {
    /// `exp(x)`, element by element; 0 below -86.9, infinite above 88.73.
    public func exponential() -> Tensor { Exponential()(self) }
}
