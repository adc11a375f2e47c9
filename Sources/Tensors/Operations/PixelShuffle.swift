import KernelInterface
import Parallelism

/// Channels spread over squares of pixels: `x [N, H, W, f f C]` to `[N, f H, f W, C]`.
///
/// `y[n, f i + a, f j + b, c] = x[n, i, j, (f a + b) C + c] + d[c]` with factor `f` and an optional
/// bias `d [C]`. After a linear map it is the transposed convolution whose kernel and stride are
/// both `f`.
public struct PixelShuffle: Operation {
    /// The name in layer tables.
    public let name = "PixelShuffle"
    /// Side of the squares.
    public let factor: Int

    /// Makes the operation.
    ///
    /// - Parameter factor: Side of the squares in pixels, at least 1.
    public init(factor: Int) {
        precondition(factor >= 1, "factor \(factor)")
        self.factor = factor
    }

    /// `[N, f H, f W, C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            x.rank == 4 && x[3] % (factor * factor) == 0, "shuffle of \(x) by \(factor)")
        let count = x[3] / (factor * factor)
        precondition(inputs.count < 2 || inputs[1].count == count, "bias \(inputs[1]) for \(x)")
        return [x[0], factor * x[1], factor * x[2], count]
    }

    /// Copies the pixels, line by line, and adds the bias.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let (source, bias) = (x[0], x.shapes.count > 1 ? x[1] : nil)
        let count = outputShape(x.shapes)[3]
        forEachRun(of: x.shapes[0]) { squares, pixels, length in
            guard let bias else {
                (y + pixels).update(from: source + squares, count: length)
                return
            }
            for pixel in stride(from: 0, to: length, by: max(1, count)) {
                kernels.elementwise.add(
                    source + squares + pixel, bias, y + pixels + pixel, count)
            }
        }
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (shape, operation, hasBias) = (inputs[0].shape, self, inputs.count > 1)
        return { dy, needs in
            let dx = Tensor(shape: shape) { dx in
                dy.withElements { dy in
                    operation.forEachRun(of: shape) { squares, pixels, length in
                        (dx + squares).update(from: dy + pixels, count: length)
                    }
                }
            }
            return [dx] + (hasBias ? [needs[1] ? ChannelSums.sum(dy) : nil] : [])
        }
    }

    /// Calls `body` with the offsets of neighbouring pixels of a square's row before and after,
    /// and their number of elements.
    private func forEachRun(of shape: Shape, _ body: (Int, Int, Int) -> Void) {
        let width = shape[2]
        let length = shape[3] / factor
        parallelFor(shape[0] * shape[1]) { line in
            for row in 0..<factor {
                for column in 0..<width {
                    body(
                        (line * width + column) * shape[3] + row * length,
                        ((line * factor + row) * width + column) * length, length)
                }
            }
        }
    }
}

extension Tensor {
    /// Channels spread over squares of pixels.
    ///
    /// - Parameters:
    ///   - factor: Side of the squares in pixels.
    ///   - bias: Added to every pixel, `[C]`, or nil.
    /// - Returns: `[N, f H, f W, C]` for a tensor `[N, H, W, f f C]`.
    public func pixelShuffled(factor: Int, bias: Tensor? = nil) -> Tensor {
        PixelShuffle(factor: factor).apply(to: [self] + (bias.map { [$0] } ?? []))
    }
}
