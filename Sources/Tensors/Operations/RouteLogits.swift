import Parallelism

/// The logits of chosen regions, scaled: what routing weights are made of.
///
/// `y[n, i, t] = scale q_i k_j` with `j` the `t`-th route of region `i`. Inputs: means
/// `[N, regions, 2 C]`, queries and keys side by side, and routes `[N, regions, count]`. The
/// gradients of queries and keys are sums over the routes that meet them.
public struct RouteLogits: Operation {
    /// The name in layer tables.
    public let name = "RouteLogits"
    /// Factor of the products.
    public let scale: Float

    /// Makes the operation.
    ///
    /// - Parameter scale: Factor of the products.
    public init(scale: Float) { self.scale = scale }

    /// The shape of the routes.
    public func outputShape(_ inputs: [Shape]) -> Shape { inputs[1] }

    /// Computes each chosen product.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        Self.forEachRoute(x.shapes, x[1]) { query, key, route in
            var sum: Float = 0
            for c in 0..<x.shapes[0][2] / 2 { sum += x[0][query + c] * x[0][key + c] }
            y[route] = scale * sum
        }
    }

    /// Keeps means and routes; each sample is done by one thread.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (means, routes, scale) = (inputs[0], inputs[1], scale)
        return { dy, _ in
            let gradient = Tensor(shape: means.shape, repeating: 0)
            let (x, dx) = (means.storage.pointer, gradient.storage.pointer)
            Self.forEachRoute(
                [means.shape, routes.shape], routes.storage.pointer
            ) { query, key, route in
                let factor = scale * dy.storage.pointer[route]
                for c in 0..<means.shape[2] / 2 {
                    dx[query + c] += factor * x[key + c]
                    dx[key + c] += factor * x[query + c]
                }
            }
            return [gradient, nil]
        }
    }

    /// Calls `body` with the offsets of a query, a key and their route, sample by sample.
    private static func forEachRoute(
        _ shapes: [Shape], _ routes: UnsafePointer<Float>,
        _ body: (_ query: Int, _ key: Int, _ route: Int) -> Void
    ) {
        let (regions, width, count) = (shapes[0][1], shapes[0][2], shapes[1][2])
        parallelFor(shapes[0][0]) { sample in
            for region in 0..<regions {
                let query = (sample * regions + region) * width
                for route in (sample * regions + region) * count..<(sample * regions + region + 1)
                    * count
                {
                    let key = (sample * regions + Int(routes[route])) * width + width / 2
                    body(query, key, route)
                }
            }
        }
    }
}
