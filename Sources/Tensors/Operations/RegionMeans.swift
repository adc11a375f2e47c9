import KernelInterface
import Parallelism

/// Means of the first channels over the pixels of each region.
///
/// `x [N, H, W, C]` to `[N, regions, channels]`; only pixels on the map count, and a region
/// without any has mean 0. `dx = dy / pixels` at each pixel, 0 for the channels left out.
public struct RegionMeans: Operation {
    /// The name in layer tables.
    public let name = "RegionMeans"
    /// The regions.
    public let grid: RegionGrid
    /// How many channels, from the first on.
    public let channels: Int

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - grid: The regions.
    ///   - channels: How many channels, from the first on.
    public init(grid: RegionGrid, channels: Int) {
        self.grid = grid
        self.channels = channels
    }

    /// `[N, regions, channels]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(x.rank == 4 && channels <= x[3], "means of \(channels) channels of \(x)")
        return [x[0], grid.count, channels]
    }

    /// Adds the pixels of each region one after another.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        Self.forEachRegion(shape, grid) { sample, region in
            let target = y + (sample * grid.count + region) * channels
            let source = x[0] + sample * shape[1] * shape[2] * shape[3]
            target.update(repeating: 0, count: channels)
            grid.forEachRun(of: region, on: shape.map) { pixel, count in
                for pixel in pixel..<pixel + count {
                    kernels.elementwise.add(target, source + pixel * shape[3], target, channels)
                }
            }
            let share = 1 / Float(max(1, grid.pixelCount(of: region, on: shape.map)))
            kernels.elementwise.scale(target, share, target, channels)
        }
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (shape, grid, channels) = (inputs[0].shape, grid, channels)
        return { dy, _ in
            let dx = Tensor(shape: shape, repeating: 0)
            Self.forEachRegion(shape, grid) { sample, region in
                let source = dy.storage.pointer + (sample * grid.count + region) * channels
                let target = dx.storage.pointer + sample * shape[1] * shape[2] * shape[3]
                let share = 1 / Float(max(1, grid.pixelCount(of: region, on: shape.map)))
                grid.forEachRun(of: region, on: shape.map) { pixel, count in
                    for pixel in pixel..<pixel + count {
                        kernels.elementwise.scale(
                            source, share, target + pixel * shape[3], channels)
                    }
                }
            }
            return [dx]
        }
    }

    /// Calls `body` with the numbers of sample and region, a row of regions at a time.
    private static func forEachRegion(
        _ shape: Shape, _ grid: RegionGrid, _ body: (_ sample: Int, _ region: Int) -> Void
    ) {
        parallelFor(shape[0] * grid.rows) { line in
            let first = line % grid.rows * grid.columns
            for region in first..<first + grid.columns { body(line / grid.rows, region) }
        }
    }
}

extension Tensor {
    /// Means of the first channels of `[N, H, W, C]` over the pixels of each region.
    ///
    /// - Parameters:
    ///   - grid: The regions.
    ///   - channels: How many channels, from the first on.
    /// - Returns: `[N, regions, channels]`.
    public func means(over grid: RegionGrid, channels: Int) -> Tensor {
        RegionMeans(grid: grid, channels: channels)(self)
    }
}
