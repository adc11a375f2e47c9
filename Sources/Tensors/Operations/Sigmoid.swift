import KernelInterface

/// Logistic function, element by element.
///
/// `y = 1 / (1 + exp(-x))`, `dx = dy y (1 - y)`. Any shape.
public struct Sigmoid: Operation {
    /// The name in layer tables.
    public let name = "Sigmoid"

    /// Makes the operation.
    public init() {}

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape { inputs[0] }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Elements.apply(kernels.activation.sigmoid, x[0], into: y, count: x.shapes[0].count)
    }

    /// Keeps the output alone.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let kept = output
        return { dy, _ in [Elements.apply(kernels.activation.sigmoidPullback, dy, kept)] }
    }
}

extension Tensor {
    /// `1 / (1 + exp(-x))`, element by element.
    public func sigmoid() -> Tensor { Sigmoid()(self) }
}
