import KernelInterface
import Parallelism

/// Mean and variance of each channel over all rows.
///
/// Each block of rows is summed twice while it lies in the cache, for its mean and for the squares
/// around it; blocks are joined in double precision (Chan, Golub and LeVeque, 1983). A large mean
/// therefore costs no accuracy.
struct BatchStatistics {
    /// `[C]`.
    let mean: Tensor
    /// Biased, `[C]`.
    let variance: Tensor

    /// Computes the statistics of `[..., C]`.
    init(_ x: Tensor) {
        let extent = x.shape.extent
        let count = extent.channels
        let blockRows = ChannelSums.blockRows(extent)
        let blocks = (extent.rows + blockRows - 1) / blockRows
        let partial = Storage(count: blocks * 2 * count)
        x.withElements { source in
            parallelFor(blocks) { block in
                let start = block * blockRows
                kernels.channel.moments(
                    source + start * count, partial.pointer + block * 2 * count,
                    RowExtent(rows: min(blockRows, extent.rows - start), channels: count))
            }
        }
        var means = [Double](repeating: 0, count: count)
        var squares = [Double](repeating: 0, count: count)
        for block in 0..<blocks {
            let start = block * blockRows
            let weight = Double(min(blockRows, extent.rows - start))
            let share = weight / (Double(start) + weight)
            let moments = partial.pointer + block * 2 * count
            for c in 0..<count {
                let distance = Double(moments[c]) - means[c]
                means[c] += distance * share
                squares[c] += Double(moments[count + c])
                squares[c] += distance * distance * Double(start) * share
            }
        }
        let rows = Double(max(1, extent.rows))
        mean = ChannelSums.vector(means)
        variance = ChannelSums.vector(squares.map { $0 / rows })
    }

    /// `1 / sqrt(variance + epsilon)` of each channel.
    func inverseDeviation(epsilon: Float) -> [Float] {
        variance.elements.map { 1 / ($0 + epsilon).squareRoot() }
    }

    /// `sum(a)` and `sum(a (b - mean))` of each channel.
    struct CentredSums {
        let totals: Tensor
        let products: Tensor
    }

    /// Sums over all rows, in one pass over both tensors.
    static func centredSums(_ a: Tensor, _ b: Tensor, mean: Tensor) -> CentredSums {
        let count = a.shape.channels
        let sums = a.withElements { first in
            b.withElements { second in
                mean.withElements { mean in
                    ChannelSums.reduce(a.shape.extent, width: 2 * count) { rows, result in
                        let start = rows.lowerBound * count
                        kernels.channel.centredSums(
                            first + start, second + start, mean, result,
                            RowExtent(rows: rows.count, channels: count))
                    }
                }
            }
        }
        return CentredSums(
            totals: ChannelSums.vector(Array(sums.prefix(count))),
            products: ChannelSums.vector(Array(sums.suffix(count))))
    }

    /// Gradients of input, weight and bias when the statistics are those of the batch.
    ///
    /// With `M` rows and `xhat = (x - mean) inverse`: `dw = sum(dy xhat)`, `db = sum(dy)`,
    /// `dx = w inverse (dy - db / M - xhat dw / M)`: one pass for sums, one to apply.
    static func pullback(
        _ dy: Tensor, _ x: Tensor, weight: Tensor, mean: Tensor, inverse: [Float], needs: [Bool]
    ) -> [Tensor?] {
        let count = x.shape.channels
        let sums = centredSums(dy, x, mean: mean)
        let dw = sums.products * Tensor(shape: [count], inverse)
        guard needs[0] else { return [nil, dw, sums.totals] }
        let rows = Float(max(1, x.shape.rows))
        let factors = Tensor(shape: [3, count]) { factors in
            for c in 0..<count {
                let scale = weight.storage.pointer[c] * inverse[c]
                let slope = -scale * inverse[c] * dw.storage.pointer[c] / rows
                let centre = mean.storage.pointer[c]
                factors[c] = scale
                factors[count + c] = slope
                factors[2 * count + c] =
                    -scale * sums.totals.storage.pointer[c] / rows - slope * centre
            }
        }
        let dx = Tensor(shape: x.shape) { dx in
            blend(
                dy.storage.pointer, x.storage.pointer, factors.storage.pointer, into: dx,
                extent: x.shape.extent)
        }
        return [dx, dw, sums.totals]
    }

    /// `a p + b q + c` on all rows, with the factors in three rows.
    static func blend(
        _ p: UnsafePointer<Float>, _ q: UnsafePointer<Float>, _ factors: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, extent: RowExtent
    ) {
        Elements.forEachRowBlock(extent) { rows in
            let start = rows.lowerBound * extent.channels
            kernels.channel.blend(
                p + start, q + start, factors, y + start,
                RowExtent(rows: rows.count, channels: extent.channels))
        }
    }
}
