import KernelInterface

/// Gaussian error linear unit, exact (Hendrycks and Gimpel, 2016).
///
/// `y = x P(x)`, `dx = dy (P(x) + x p(x))` with the normal distribution function `P(x) = (1 + erf(x / sqrt(2))) / 2`
/// and density `p`, within 3e-7 of `max(1, |x|)` and its slope within 5e-7. Any shape.
public struct GELU: Operation {
    /// The name in layer tables.
    public let name = "GELU"

    /// Makes the operation.
    public init() {}

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape { inputs[0] }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Elements.apply(kernels.activation.gelu, x[0], into: y, count: x.shapes[0].count)
    }

    /// Keeps the input.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let kept = inputs[0]
        return { dy, _ in [Elements.apply(kernels.activation.geluPullback, dy, kept)] }
    }
}

extension Tensor {
    /// `x P(x)` with the normal distribution function, element by element.
    public func gelu() -> Tensor { GELU()(self) }
}
