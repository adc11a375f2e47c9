import KernelInterface
import Parallelism

/// How an axis of a region is cut into bins.
public enum RegionBins: Hashable, Sendable {
    /// So many bins; bin `i` of `p` goes from `floor(i n / p)` to `ceil((i + 1) n / p)`.
    case adaptive(Int)
    /// Bins of so many pixels; a rest falls off, but one bin stays.
    case fixed(Int)

    /// Number of bins of an axis of `length` pixels.
    func count(_ length: Int) -> Int {
        switch self {
        case .adaptive(let count): count
        case .fixed(let pixels): max(1, length / pixels)
        }
    }

    /// The pixels of a bin of an axis of `length` pixels.
    func pixels(of bin: Int, _ length: Int) -> Range<Int> {
        switch self {
        case .adaptive(let count):
            bin * length / count..<((bin + 1) * length + count - 1) / count
        case .fixed(let pixels):
            bin * pixels..<min(length, (bin + 1) * pixels)
        }
    }
}

/// What becomes of the pixels of a bin.
public enum RegionPool: Hashable, Sendable {
    /// Their mean.
    case mean
    /// The largest of each channel; the first of equal ones gets the gradient.
    case maximum
}

/// Pooling inside of each region: `x [N, H, W, C]` to a smaller map of as many regions.
///
/// The regions fill the map. Output `[N, rows p, columns q, C]` with `p x q` bins a region.
public struct RegionPooling: Operation {
    /// The name in layer tables.
    public let name = "RegionPooling"
    /// The regions of the input.
    public let grid: RegionGrid
    /// How regions are cut into bins.
    public let bins: RegionBins
    /// What becomes of the pixels of a bin.
    public let pool: RegionPool

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - grid: The regions of the input.
    ///   - bins: How regions are cut into bins.
    ///   - pool: What becomes of the pixels of a bin.
    public init(grid: RegionGrid, bins: RegionBins, pool: RegionPool) {
        self.grid = grid
        self.bins = bins
        self.pool = pool
    }

    /// The regions of the output.
    public var outputGrid: RegionGrid {
        RegionGrid(
            rows: grid.rows, columns: grid.columns,
            region: MapExtent(
                height: bins.count(grid.region.height), width: bins.count(grid.region.width)))
    }

    /// `[N, rows p, columns q, C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(x.rank == 4 && x.map == grid.extent, "regions \(grid) of \(x)")
        let output = outputGrid.extent
        return [x[0], output.height, output.width, x[3]]
    }

    /// Pools each bin.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        forEachBin(shape) { bin in
            let target = y + bin.output
            target.update(from: x[0] + bin.pixel(0) * shape[3], count: shape[3])
            for index in 1..<max(1, bin.count) {
                let source = x[0] + bin.pixel(index) * shape[3]
                switch pool {
                case .mean: kernels.elementwise.add(target, source, target, shape[3])
                case .maximum:
                    for c in 0..<shape[3] where source[c] > target[c] { target[c] = source[c] }
                }
            }
            if pool == .mean {
                kernels.elementwise.scale(target, 1 / Float(bin.count), target, shape[3])
            }
        }
    }

    /// Keeps the input.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let x = inputs[0]
        return { dy, _ in
            let (gradient, channels) = (Tensor(shape: x.shape, repeating: 0), x.shape[3])
            let dx = gradient.storage.pointer
            // Bins may overlap inside of a region; one thread does a whole row of regions.
            forEachBin(x.shape) { bin in
                let source = dy.storage.pointer + bin.output
                for c in 0..<channels {
                    switch pool {
                    case .mean:
                        let share = source[c] / Float(bin.count)
                        for index in 0..<bin.count { dx[bin.pixel(index) * channels + c] += share }
                    case .maximum:
                        dx[bin.largest(x.storage.pointer, channel: c, of: channels)] += source[c]
                    }
                }
            }
            return [gradient]
        }
    }

    /// The pixels of one bin, and the offset of what they become.
    private struct Bin {
        let first: Int
        let width: Int
        let height: Int
        let stride: Int
        let output: Int

        var count: Int { width * height }

        func pixel(_ index: Int) -> Int { first + index / width * stride + index % width }

        /// The offset of the first of the largest elements of a channel.
        func largest(_ x: UnsafePointer<Float>, channel: Int, of channels: Int) -> Int {
            var best = pixel(0) * channels + channel
            for index in 1..<max(1, count) {
                let other = pixel(index) * channels + channel
                if x[other] > x[best] { best = other }
            }
            return best
        }
    }

    private func forEachBin(_ shape: Shape, _ body: (Bin) -> Void) {
        let (region, target) = (grid.region, outputGrid)
        parallelFor(shape[0] * grid.rows) { line in
            let (sample, row) = (line / grid.rows, line % grid.rows)
            for bin in 0..<target.region.height * target.extent.width {
                let (i, j) = (bin / target.extent.width, bin % target.extent.width)
                let (column, k) = (j / target.region.width, j % target.region.width)
                let vertical = bins.pixels(of: i, region.height)
                let horizontal = bins.pixels(of: k, region.width)
                let top = (sample * grid.rows + row) * region.height + vertical.lowerBound
                let left = column * region.width + horizontal.lowerBound
                let outputRow = (sample * grid.rows + row) * target.region.height + i
                body(
                    Bin(
                        first: top * shape[2] + left, width: horizontal.count,
                        height: vertical.count, stride: shape[2],
                        output: (outputRow * target.extent.width + j) * shape[3]))
            }
        }
    }
}
