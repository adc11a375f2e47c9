import Layers
import Tensors

/// The authors' second bi-level routing attention, `nchwBRA`.
///
/// It differs from the first at sizes that do not divide: regions have `floor(H / n) x floor(W / n)`
/// pixels, so that there may be more than `n x n`; queries, keys and values are filled up with true
/// zeros, which neither the region means nor the depth-wise convolution sees.
struct RefactoredRoutingAttention {
    private let settings: RoutingSettings
    private let position: DepthwiseConv2d?
    private let projection: Conv2d
    private let output: Conv2d
    private let name: String

    init(_ scope: ParameterScope, _ settings: RoutingSettings) {
        let (c, side) = (settings.channels, settings.sideKernel)
        self.settings = settings
        position =
            side > 0
            ? DepthwiseConv2d(scope["lepe"], c, kernel: side, padding: side / 2) : nil
        projection = Conv2d(scope["qkv_linear"], c, 3 * c, kernel: 1)
        output = Conv2d(scope["output_linear"], c, c, kernel: 1)
        name = scope.prefix
    }

    /// Attends.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, C]`.
    ///   - record: Takes the routes, if given.
    /// - Returns: The same shape.
    func callAsFunction(_ x: Tensor, _ record: RouteRecord?) -> Tensor {
        let (height, width, c) = (x.shape[1], x.shape[2], settings.channels)
        let grid = RegionGrid(atLeast: settings.windows, height: height, width: width)
        let qkv = projection(x)
        let attended = Graph.named(name) {
            // A map of fewer pixels than regions has fewer regions.
            let routes = RegionRoutes(count: min(settings.topK, grid.count))(
                qkv.means(over: grid, channels: 2 * c).detached)
            record?.add(routes, of: name)
            let widths = RoutedAttention.Widths(heads: settings.heads, keys: c, values: c)
            return RoutedAttention(widths, scale: 1 / Float(c).squareRoot(), grid: grid)(
                qkv.padded(toFill: grid), routes
            ).cropped(height: height, width: width)
        }
        guard let position else { return output(attended) }
        return output(attended + position(qkv.channels(2 * c..<3 * c)))
    }
}
