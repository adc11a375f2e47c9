import KernelInterface
import Parallelism

/// Means over square windows: `x [N, H, W, C]` to `[N, H', W', C]`.
///
/// Windows begin every `stride` pixels in the map with `padding` zeros around it; the zeros count
/// in the mean, and a window that does not fit any more is left out, as PyTorch's `AvgPool2d` has
/// it by default. `dx` is the sum of `dy / side²` over the windows that a pixel lies in.
public struct AveragePooling: Operation {
    /// The name in layer tables.
    public let name = "AveragePooling"
    /// Side of the windows in pixels.
    public let side: Int
    /// Pixels from one window to the next.
    public let stride: Int
    /// Rows and columns of zeros on each side.
    public let padding: Int

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - side: Side of the windows in pixels, at least 1.
    ///   - stride: Pixels from one window to the next, at least 1.
    ///   - padding: Rows and columns of zeros on each side, at most half of the side.
    public init(side: Int, stride: Int, padding: Int) {
        precondition(side >= 1 && stride >= 1 && padding <= side / 2, "windows of \(side) pixels")
        self.side = side
        self.stride = stride
        self.padding = padding
    }

    /// `[N, (H + 2 padding - side) / stride + 1, ..., C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            x.rank == 4 && min(x[1], x[2]) + 2 * padding >= side, "\(x) in windows of \(side)")
        return [x[0], count(x[1]), count(x[2]), x[3]]
    }

    private func count(_ length: Int) -> Int { (length + 2 * padding - side) / stride + 1 }

    /// The pixels of an axis that a window covers.
    private func pixels(_ window: Int, _ length: Int) -> Range<Int> {
        let start = window * stride - padding
        return max(0, start)..<max(0, min(length, start + side))
    }

    private var share: Float { 1 / Float(side * side) }

    /// Adds the pixels of each window row by row.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        let (lines, width, channels) = (count(shape[1]), count(shape[2]), shape[3])
        parallelFor(shape[0] * lines) { line in
            let image = x[0] + line / lines * shape[1] * shape[2] * channels
            let rows = pixels(line % lines, shape[1])
            for column in 0..<width {
                let target = y + (line * width + column) * channels
                target.update(repeating: 0, count: channels)
                for row in rows {
                    for pixel in pixels(column, shape[2]) {
                        let source = image + (row * shape[2] + pixel) * channels
                        kernels.elementwise.add(target, source, target, channels)
                    }
                }
                kernels.elementwise.scale(target, share, target, channels)
            }
        }
    }

    /// Keeps nothing; windows overlap, so that one thread does a whole image.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (shape, lines, width) = (inputs[0].shape, output.shape[1], output.shape[2])
        return { dy, _ in
            let channels = shape[3]
            let shares = dy.multiplied(by: share)
            let dx = Tensor(shape: shape, repeating: 0)
            parallelFor(shape[0]) { sample in
                let image = dx.storage.pointer + sample * shape[1] * shape[2] * channels
                for window in 0..<lines * width {
                    let source =
                        shares.storage.pointer + (sample * lines * width + window) * channels
                    for row in pixels(window / width, shape[1]) {
                        for pixel in pixels(window % width, shape[2]) {
                            let target = image + (row * shape[2] + pixel) * channels
                            kernels.elementwise.add(target, source, target, channels)
                        }
                    }
                }
            }
            return [dx]
        }
    }
}

extension Tensor {
    /// Means of `[N, H, W, C]` over square windows, zeros of the padding counted.
    ///
    /// - Parameters:
    ///   - side: Side of the windows in pixels.
    ///   - stride: Pixels from one window to the next.
    ///   - padding: Rows and columns of zeros on each side.
    /// - Returns: `[N, H', W', C]`.
    public func averagePooled(side: Int, stride: Int, padding: Int) -> Tensor {
        AveragePooling(side: side, stride: stride, padding: padding)(self)
    }

    /// Means of `[N, H, W, C]` over `bins x bins` parts of the map, as PyTorch's
    /// `AdaptiveAvgPool2d` cuts it.
    ///
    /// - Parameter bins: Parts along each axis.
    /// - Returns: `[N, bins, bins, C]`.
    public func averagePooled(bins: Int) -> Tensor {
        let grid = RegionGrid(
            rows: 1, columns: 1, region: MapExtent(height: shape[1], width: shape[2]))
        return RegionPooling(grid: grid, bins: .adaptive(bins), pool: .mean)(self)
    }
}
