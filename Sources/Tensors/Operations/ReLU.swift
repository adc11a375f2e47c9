import KernelInterface

/// Rectified linear unit, element by element.
///
/// `y = max(x, 0)`, `dx = dy` where `y > 0`, else 0. Any shape.
public struct ReLU: Operation {
    /// The name in layer tables.
    public let name = "ReLU"

    /// Makes the operation.
    public init() {}

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape { inputs[0] }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Elements.apply(kernels.elementwise.relu, x[0], into: y, count: x.shapes[0].count)
    }

    /// Keeps the output alone.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let kept = output
        return { dy, _ in [Elements.apply(kernels.elementwise.reluPullback, dy, kept)] }
    }
}

extension Tensor {
    /// `max(x, 0)`, element by element.
    public func relu() -> Tensor { ReLU()(self) }
}
