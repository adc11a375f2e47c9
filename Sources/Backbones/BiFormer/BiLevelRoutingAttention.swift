import Layers
import Tensors

/// How a region's keys and values become fewer before they are gathered.
enum KeyValueDownsampling: Equatable {
    /// They stay as they are, as in every published network.
    case identity
    /// So many rows and columns of bins a region.
    case adaptive(RegionPool, Int)
    /// Bins of so many rows and columns of pixels.
    case fixed(RegionPool, Int)
}

/// What the logits of the routing are used for beside the choice.
enum RouteWeighting: Equatable {
    /// For nothing.
    case none
    /// Gathered keys and values are multiplied by the softmax over the chosen logits.
    case soft
    /// As `soft`, and the gradient goes through it; with or without a projection of the means.
    case differentiable(projected: Bool)
}

/// The settings of one bi-level routing attention.
struct RoutingSettings {
    /// Channels of input and output.
    var channels: Int
    /// Channels of queries and of keys.
    var keyWidth: Int
    /// Number of heads.
    var heads: Int
    /// Regions along each axis.
    var windows: Int
    /// Regions that each one attends to.
    var topK: Int
    /// Side of the depth-wise kernel on the values; 0 for none.
    var sideKernel = 5
    /// How keys and values become fewer.
    var downsampling = KeyValueDownsampling.identity
    /// What the logits are used for beside the choice.
    var weighting = RouteWeighting.none
    /// Whether a linear map follows; the authors' `param_attention` is `qkvo` then, else `qkv`.
    var hasOutput = true
}

/// Bi-level routing attention: each region chooses the regions that its pixels attend to.
///
/// BiFormer, section 3.2. The map is cut into `n x n` regions; the mean query of each is compared
/// with all mean keys, and the pixels of a region attend to all pixels of its `topK` best regions.
/// A depth-wise convolution of the values is added (LePE). Maps that `n` does not divide are filled
/// up with zeros below and to the right, which the projection's bias then makes keys and values
/// like others, as the authors' code does with `auto_pad`.
struct BiLevelRoutingAttention {
    private let settings: RoutingSettings
    private let position: DepthwiseConv2d?
    private let router: Linear?
    private let projection: Linear
    private let output: Linear?
    private let name: String

    init(_ scope: ParameterScope, _ settings: RoutingSettings) {
        let (c, side) = (settings.channels, settings.sideKernel)
        self.settings = settings
        position =
            side > 0
            ? DepthwiseConv2d(scope["lepe"], c, kernel: side, padding: side / 2) : nil
        router =
            settings.weighting == .differentiable(projected: true)
            ? Linear(
                scope["router"]["emb"], settings.keyWidth, settings.keyWidth,
                initializer: BiFormer.linearInitializer) : nil
        projection = Linear(
            scope["qkv"]["qkv"], c, 2 * settings.keyWidth + c,
            initializer: BiFormer.linearInitializer)
        output =
            settings.hasOutput
            ? Linear(scope["wo"], c, c, initializer: BiFormer.linearInitializer) : nil
        name = scope.prefix
    }

    /// Attends.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, C]`.
    ///   - record: Takes the routes, if given.
    /// - Returns: The same shape.
    func callAsFunction(_ x: Tensor, _ record: RouteRecord?) -> Tensor {
        let (height, width, first) = (x.shape[1], x.shape[2], 2 * settings.keyWidth)
        let grid = RegionGrid(side: settings.windows, height: height, width: width)
        let qkv = projection(x.padded(toFill: grid))
        let means = routingMeans(qkv, grid)
        var y = Graph.named(name) {
            let routes = RegionRoutes(count: settings.topK)(means)
            record?.add(routes, of: name)
            return attended(qkv, means: means, routes: routes, grid)
        }
        if let position { y = y + position(qkv.channels(first..<first + settings.channels)) }
        y = y.cropped(height: height, width: width)
        return output.map { $0(y) } ?? y
    }

    private var scale: Float { 1 / Float(settings.keyWidth).squareRoot() }

    private var widths: RoutedAttention.Widths {
        RoutedAttention.Widths(
            heads: settings.heads, keys: settings.keyWidth, values: settings.channels)
    }

    /// Mean queries and keys of each region; without differentiable routing they carry no gradient.
    private func routingMeans(_ qkv: Tensor, _ grid: RegionGrid) -> Tensor {
        let means = Graph.named(name) {
            qkv.means(over: grid, channels: 2 * settings.keyWidth)
        }
        guard case .differentiable = settings.weighting else { return means.detached }
        guard let router else { return means }
        let pairs = means.reshaped([means.shape[0], grid.count, 2, settings.keyWidth])
        return router(pairs).reshaped(means.shape)
    }

    private func attended(
        _ qkv: Tensor, means: Tensor, routes: Tensor, _ grid: RegionGrid
    ) -> Tensor {
        if settings.downsampling == .identity, settings.weighting == .none {
            return RoutedAttention(widths, scale: scale, grid: grid)(qkv, routes)
        }
        let queries = qkv.channels(0..<settings.keyWidth)
        let all = qkv.channels(settings.keyWidth..<qkv.shape.channels)
        let (pooled, pooledGrid) = downsampled(all, grid)
        guard settings.weighting != .none else {
            return RoutedAttention(widths, scale: scale, queries: grid, keys: pooledGrid)(
                queries, pooled, routes)
        }
        let weights = RouteLogits(scale: scale)(means, routes).softmax()
        let gather = RegionGather(grid: pooledGrid)
        return RoutedAttention(
            widths, scale: scale, queries: grid,
            keys: gather.outputGrid(routes: settings.topK))(
                queries, gather(pooled, routes, weights))
    }

    /// Keys and values after downsampling, and their regions.
    private func downsampled(_ x: Tensor, _ grid: RegionGrid) -> (map: Tensor, grid: RegionGrid) {
        let pooling: RegionPooling
        switch settings.downsampling {
        case .identity: return (x, grid)
        case .adaptive(let pool, let count):
            pooling = RegionPooling(grid: grid, bins: .adaptive(count), pool: pool)
        case .fixed(let pool, let pixels):
            pooling = RegionPooling(grid: grid, bins: .fixed(pixels), pool: pool)
        }
        return (pooling(x), pooling.outputGrid)
    }
}

/// The routes that the attentions of one forward pass chose, by name.
final class RouteRecord {
    /// `route.PATH` with the path of the attention, `[N, regions, count]`.
    private(set) var routes: [NamedOutput] = []

    func add(_ route: Tensor, of name: String) {
        routes.append(NamedOutput("route." + name, route, kind: .integers))
    }
}
