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

    /// Computes `max(x, 0)`.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        forEachBlock(x.shapes[0].count) { block in
            let start = block.lowerBound
            kernels.elementwise.relu(x[0] + start, y + start, block.count)
        }
    }

    /// Keeps the output alone: its sign tells where the gradient passes.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        { dy, _ in
            [
                Tensor(shape: dy.shape) { dx in
                    forEachBlock(dy.count) { block in
                        let start = block.lowerBound
                        kernels.elementwise.reluPullback(
                            dy.storage.pointer + start, output.storage.pointer + start,
                            dx + start, block.count)
                    }
                }
            ]
        }
    }
}

extension Tensor {
    /// `max(x, 0)`, element by element.
    public func relu() -> Tensor { ReLU()(self) }
}
