import KernelInterface
import Parallelism

/// Where the pixels of a resampled map lie in the source.
public enum SamplingGrid: Sendable {
    /// Both maps cover the same area: `align_corners=False` of PyTorch.
    case areas
    /// The centres of the corner pixels meet: `align_corners=True`.
    case corners
}

/// Bilinear resampling to a given size: `x [N, H, W, C]` to `[N, H', W', C]`.
///
/// Pixel `i` of `H'` looks at `(i + 1/2) H / H' - 1/2`, not below 0, or with corners that meet at
/// `i (H - 1) / (H' - 1)`; no smoothing when the map becomes smaller. The gradient of a source
/// pixel is the sum over the pixels that looked at it.
public struct BilinearResampling: Operation {
    /// The name in layer tables.
    public let name = "BilinearResampling"
    /// The new height and width.
    public let size: MapExtent
    /// Where the new pixels lie.
    public let grid: SamplingGrid

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - size: The new height and width.
    ///   - grid: Where the new pixels lie.
    public init(size: MapExtent, grid: SamplingGrid) {
        self.size = size
        self.grid = grid
    }

    /// `[N, H', W', C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(x.rank == 4 && x[1] > 0 && x[2] > 0, "resampling of \(x)")
        return [x[0], size.height, size.width, x[3]]
    }

    private func axes(_ source: Shape) -> (rows: SamplingAxis, columns: SamplingAxis) {
        (
            SamplingAxis(source: source[1], count: size.height, grid: grid),
            SamplingAxis(source: source[2], count: size.width, grid: grid)
        )
    }

    /// Mixes four pixels for each new one.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        let (width, count) = (shape[2], shape[3])
        let (rows, columns) = axes(shape)
        parallelFor(shape[0] * size.height) { line in
            let row = rows[line % size.height]
            let image = x[0] + line / size.height * shape[1] * width * count
            let upper = image + row.first * width * count
            let lower = image + row.second * width * count
            let target = y + line * size.width * count
            for index in 0..<size.width {
                let column = columns[index]
                let mixture = PixelMixture(
                    upper: upper + column.first * count, lower: lower + column.first * count,
                    step: (column.second - column.first) * count, rowWeight: row.weight,
                    columnWeight: column.weight)
                kernels.position.mixPixels(mixture, target + index * count, count)
            }
        }
    }

    /// Keeps nothing; source rows are summed by one thread each, in the order of the new rows.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (shape, size) = (inputs[0].shape, size)
        let (rows, columns) = axes(shape)
        return { dy, _ in
            let count = shape[3]
            let dx = Tensor(shape: shape) { dx in
                parallelFor(shape[0] * shape[1]) { line in
                    let (sample, row) = (line / shape[1], line % shape[1])
                    let target = dx + line * shape[2] * count
                    target.update(repeating: 0, count: shape[2] * count)
                    for copy in rows.readers(of: row) {
                        let source =
                            dy.storage.pointer + (sample * size.height + copy) * size.width * count
                        Self.spread(
                            source, rows[copy].share(of: row), over: target, columns, count)
                    }
                }
            }
            return [dx]
        }
    }

    /// Adds what one new row gives to a source row.
    private static func spread(
        _ dy: UnsafePointer<Float>, _ share: Float, over dx: UnsafeMutablePointer<Float>,
        _ columns: SamplingAxis, _ count: Int
    ) {
        guard share != 0 else { return }
        for index in 0..<columns.count {
            let (column, pixel) = (columns[index], dy + index * count)
            kernels.position.accumulate(
                pixel, share * (1 - column.weight), dx + column.first * count, count)
            kernels.position.accumulate(
                pixel, share * column.weight, dx + column.second * count, count)
        }
    }
}

/// One axis of a resampling: which two source pixels each new pixel mixes.
struct SamplingAxis: Sendable {
    /// Pixels of the source.
    let source: Int
    /// New pixels.
    let count: Int
    /// Where the new pixels lie.
    let grid: SamplingGrid

    /// Two neighbouring pixels and the weight of the second.
    struct Taps {
        let first: Int
        let second: Int
        let weight: Float

        /// The weight of a source pixel.
        func share(of pixel: Int) -> Float {
            (pixel == first ? 1 - weight : 0) + (pixel == second ? weight : 0)
        }
    }

    /// Source pixels from one new pixel to the next.
    private var step: Double {
        switch grid {
        case .areas: Double(source) / Double(max(1, count))
        case .corners: count > 1 ? Double(source - 1) / Double(count - 1) : 0
        }
    }

    /// What a new pixel mixes.
    subscript(index: Int) -> Taps {
        let place =
            switch grid {
            case .areas: max(0, (Double(index) + 0.5) * step - 0.5)
            case .corners: Double(index) * step
            }
        let first = min(source - 1, Int(place))
        return Taps(
            first: first, second: min(source - 1, first + 1),
            weight: Float(place - Double(first)))
    }

    /// New pixels that may mix a source pixel: all that do, and perhaps neighbours that do not.
    func readers(of pixel: Int) -> Range<Int> {
        guard step > 0 else { return 0..<count }
        let lower = pixel <= 0 ? 0 : Int(max(0, (Double(pixel) - 1.5) / step - 1))
        let upper = pixel >= source - 1 ? count : Int((Double(pixel) + 1.5) / step + 2)
        return min(lower, count)..<min(count, max(lower, upper))
    }
}

extension Tensor {
    /// The bilinear resampling of `[N, H, W, C]`.
    ///
    /// - Parameters:
    ///   - height: New height.
    ///   - width: New width.
    ///   - grid: Where the new pixels lie.
    /// - Returns: `[N, height, width, C]`.
    public func resampledBilinear(height: Int, width: Int, grid: SamplingGrid = .areas) -> Tensor {
        BilinearResampling(size: MapExtent(height: height, width: width), grid: grid)(self)
    }
}
