import KernelInterface

/// Rows and columns of zeros below and at the right of maps, `[N, H, W, C]` to `[N, H + b, W + r, C]`.
///
/// `dx` is `dy` without them.
public struct ZeroPadding: Operation {
    /// The name in layer tables.
    public let name = "ZeroPadding"
    /// Rows that are added below.
    public let bottom: Int
    /// Columns that are added at the right.
    public let right: Int

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - bottom: Rows that are added below.
    ///   - right: Columns that are added at the right.
    public init(bottom: Int, right: Int) {
        precondition(bottom >= 0 && right >= 0, "\(bottom) rows, \(right) columns")
        self.bottom = bottom
        self.right = right
    }

    /// `[N, H + bottom, W + right, C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(x.rank == 4, "zero padding of \(x)")
        return [x[0], x[1] + bottom, x[2] + right, x[3]]
    }

    /// Copies row by row.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        let (old, new) = (shape[2] * shape[3], (shape[2] + right) * shape[3])
        for sample in 0..<shape[0] {
            for row in 0..<shape[1] + bottom {
                let target = y + (sample * (shape[1] + bottom) + row) * new
                let copied = row < shape[1] ? old : 0
                if copied > 0 {
                    target.update(from: x[0] + (sample * shape[1] + row) * old, count: old)
                }
                (target + copied).update(repeating: 0, count: new - copied)
            }
        }
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (shape, padded) = (inputs[0].shape, output.shape)
        return { dy, _ in
            let (old, new) = (shape[2] * shape[3], padded[2] * padded[3])
            let dx = Tensor(shape: shape) { dx in
                dy.withElements { dy in
                    for row in 0..<shape[0] * shape[1] {
                        let source = row / shape[1] * padded[1] + row % shape[1]
                        (dx + row * old).update(from: dy + source * new, count: old)
                    }
                }
            }
            return [dx]
        }
    }
}

extension Tensor {
    /// The maps with rows and columns of zeros below and at the right.
    ///
    /// - Parameters:
    ///   - bottom: Rows that are added below.
    ///   - right: Columns that are added at the right.
    /// - Returns: `[N, H + bottom, W + right, C]`; this tensor where nothing is added.
    public func padded(bottom: Int, right: Int) -> Tensor {
        bottom == 0 && right == 0 ? self : ZeroPadding(bottom: bottom, right: right)(self)
    }
}
