import KernelInterface

/// Sigmoid linear unit, element by element.
///
/// `y = x s`, `dx = dy s (1 + x (1 - s))` with `s = 1 / (1 + exp(-x))`. Any shape.
public struct SiLU: Operation {
    /// The name in layer tables.
    public let name = "SiLU"

    /// Makes the operation.
    public init() {}

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape { inputs[0] }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Elements.apply(kernels.activation.silu, x[0], into: y, count: x.shapes[0].count)
    }

    /// Keeps the input.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let kept = inputs[0]
        return { dy, _ in [Elements.apply(kernels.activation.siluPullback, dy, kept)] }
    }
}

extension Tensor {
    /// `x / (1 + exp(-x))`, element by element.
    public func silu() -> Tensor { SiLU()(self) }
}
