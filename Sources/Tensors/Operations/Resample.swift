import KernelInterface
import Parallelism

/// Nearest-neighbour resampling to a given size: `x [N, H, W, C]` to `[N, H', W', C]`.
///
/// The source index is `floor(i H / H')`, as in PyTorch's `nearest`. The gradient of a source
/// pixel is the sum over the pixels that took it.
public struct NearestUpsampling: Operation {
    /// The name in layer tables.
    public let name = "NearestUpsampling"
    /// The new height and width.
    public let size: MapExtent

    /// Makes the operation.
    ///
    /// - Parameter size: The new height and width.
    public init(size: MapExtent) { self.size = size }

    /// `[N, H', W', C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(x.rank == 4 && x[1] > 0 && x[2] > 0, "resampling of \(x)")
        return [x[0], size.height, size.width, x[3]]
    }

    /// Copies pixel by pixel.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        let count = shape[3]
        parallelFor(shape[0] * size.height) { line in
            let (sample, row) = (line / size.height, line % size.height)
            let from = sample * shape[1] + row * shape[1] / size.height
            let source = x[0] + from * shape[2] * count
            let target = y + line * size.width * count
            for column in 0..<size.width {
                (target + column * count).update(
                    from: source + column * shape[2] / size.width * count, count: count)
            }
        }
    }

    /// Keeps nothing; source rows are summed by one thread each, in the order of their copies.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (shape, size) = (inputs[0].shape, size)
        return { dy, _ in
            let count = shape[3]
            let dx = Tensor(shape: shape) { dx in
                parallelFor(shape[0] * shape[1]) { line in
                    let (sample, row) = (line / shape[1], line % shape[1])
                    let target = dx + line * shape[2] * count
                    target.update(repeating: 0, count: shape[2] * count)
                    for copy in Self.copies(of: row, from: shape[1], to: size.height) {
                        let source =
                            dy.storage.pointer
                            + (sample * size.height + copy) * size.width * count
                        for column in 0..<size.width {
                            let pixel = target + column * shape[2] / size.width * count
                            kernels.elementwise.add(
                                pixel, source + column * count, pixel, count)
                        }
                    }
                }
            }
            return [dx]
        }
    }

    /// The new indices whose source index is `index`.
    private static func copies(of index: Int, from old: Int, to new: Int) -> Range<Int> {
        (index * new + old - 1) / old..<((index + 1) * new + old - 1) / old
    }
}

/// Every second row and column, beginning with the first: `[N, H, W, C]` to half, rounded up.
public struct Subsampling: Operation {
    /// The name in layer tables.
    public let name = "Subsampling"

    /// Makes the operation.
    public init() {}

    /// `[N, (H + 1) / 2, (W + 1) / 2, C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(x.rank == 4, "subsampling of \(x)")
        return [x[0], (x[1] + 1) / 2, (x[2] + 1) / 2, x[3]]
    }

    /// Copies the pixels that stay.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        Self.forEachPixel(shape) { source, target, count in
            (y + target).update(from: x[0] + source, count: count)
        }
    }

    /// Keeps nothing; pixels that were left out get 0.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let shape = inputs[0].shape
        return { dy, _ in
            let dx = Tensor(shape: shape) { dx in
                dx.update(repeating: 0, count: shape.count)
                Self.forEachPixel(shape) { source, target, count in
                    (dx + source).update(from: dy.storage.pointer + target, count: count)
                }
            }
            return [dx]
        }
    }

    /// Calls `body` with the offsets of a pixel before and after, and its channels.
    private static func forEachPixel(_ shape: Shape, _ body: (Int, Int, Int) -> Void) {
        let (height, width, count) = ((shape[1] + 1) / 2, (shape[2] + 1) / 2, shape[3])
        parallelFor(shape[0] * height) { line in
            let (sample, row) = (line / height, line % height)
            let source = (sample * shape[1] + 2 * row) * shape[2]
            for column in 0..<width {
                body((source + 2 * column) * count, (line * width + column) * count, count)
            }
        }
    }
}

extension Tensor {
    /// The nearest-neighbour resampling of `[N, H, W, C]`.
    ///
    /// - Parameters:
    ///   - height: New height.
    ///   - width: New width.
    /// - Returns: `[N, height, width, C]`.
    public func upsampledNearest(height: Int, width: Int) -> Tensor {
        NearestUpsampling(size: MapExtent(height: height, width: width))(self)
    }

    /// Every second row and column of `[N, H, W, C]`.
    public func subsampled() -> Tensor { Subsampling()(self) }
}
