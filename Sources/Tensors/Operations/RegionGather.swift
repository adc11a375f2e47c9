import KernelInterface
import Parallelism

/// The routed regions of each region, each times its weight: what soft routing attends to.
///
/// Inputs: `x [N, H, W, C]` whose regions fill it, routes and weights `[N, regions, count]`.
/// Output: a map whose regions are one row of `count * pixels`, `[N, rows, columns count pixels,
/// C]`. The gradient of a region is the sum over all that chose it; routes have none.
public struct RegionGather: Operation {
    /// The name in layer tables.
    public let name = "RegionGather"
    /// The regions of the input.
    public let grid: RegionGrid

    /// Makes the operation.
    ///
    /// - Parameter grid: The regions of the input.
    public init(grid: RegionGrid) { self.grid = grid }

    /// The regions of the output.
    ///
    /// - Parameter count: Routes of each region.
    /// - Returns: As many regions, each of one row.
    public func outputGrid(routes count: Int) -> RegionGrid {
        RegionGrid(
            rows: grid.rows, columns: grid.columns,
            region: MapExtent(height: 1, width: count * grid.pixels))
    }

    /// `[N, rows, columns count pixels, C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let (x, routes) = (inputs[0], inputs[1])
        precondition(
            x.rank == 4 && x.map == grid.extent && routes[1] == grid.count && inputs[2] == routes,
            "regions \(grid) of \(x) by \(routes)")
        let extent = outputGrid(routes: routes[2]).extent
        return [x[0], extent.height, extent.width, x[3]]
    }

    /// Copies pixel by pixel.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let channels = x.shapes[0][3]
        forEachPixel(x.shapes, x[1]) { source, target, route in
            kernels.elementwise.scale(
                x[0] + source * channels, x[2][route], y + target * channels, channels)
        }
    }

    /// Keeps all inputs; each sample is done by one thread.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, routes, weights) = (inputs[0], inputs[1], inputs[2])
        return { dy, needs in
            let dx = Tensor(shape: x.shape, repeating: 0)
            let dw = Tensor(shape: weights.shape, repeating: 0)
            let channels = x.shape[3]
            forEachPixel(inputs.map(\.shape), routes.storage.pointer) { source, target, route in
                let gradient = dy.storage.pointer + target * channels
                let pixel = x.storage.pointer + source * channels
                let sum = dx.storage.pointer + source * channels
                let weight = weights.storage.pointer[route]
                var product: Float = 0
                for c in 0..<channels {
                    sum[c] += weight * gradient[c]
                    product += pixel[c] * gradient[c]
                }
                dw.storage.pointer[route] += product
            }
            return [dx, nil, needs[2] ? dw : nil]
        }
    }

    /// Calls `body` with the pixels before and after, and the route between them.
    private func forEachPixel(
        _ shapes: [Shape], _ routes: UnsafePointer<Float>,
        _ body: (_ source: Int, _ target: Int, _ route: Int) -> Void
    ) {
        let (map, count) = (shapes[0].map, shapes[1][2])
        parallelFor(shapes[0][0]) { sample in
            var target = sample * grid.count * count * grid.pixels
            let first = sample * grid.count * count
            for route in first..<first + grid.count * count {
                grid.forEachRun(of: Int(routes[route]), on: map) { pixel, length in
                    let source = sample * map.height * map.width + pixel
                    for index in 0..<length { body(source + index, target + index, route) }
                    target += length
                }
            }
        }
    }
}
