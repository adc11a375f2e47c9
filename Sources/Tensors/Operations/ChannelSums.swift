import KernelInterface
import Parallelism

/// Sums over the rows of `[rows, channels]`, cut into blocks fixed by the shape.
///
/// Blocks are added in order, in double precision: so the bits do not depend on the threads.
enum ChannelSums {
    /// Rows of one block: about 16384 elements, which stay in the second-level cache.
    static func blockRows(_ extent: RowExtent) -> Int {
        max(1, min(512, 16384 / max(1, extent.channels)))
    }

    /// Adds the results of blocks of rows.
    ///
    /// - Parameters:
    ///   - extent: Rows and channels.
    ///   - width: Results of one block.
    ///   - kernel: Computes the results of some rows.
    /// - Returns: The sums.
    static func reduce(
        _ extent: RowExtent, width: Int,
        _ kernel: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) -> [Double] {
        let blockRows = blockRows(extent)
        let blocks = (extent.rows + blockRows - 1) / blockRows
        let partial = Storage(count: blocks * width)
        parallelFor(blocks) { block in
            let start = block * blockRows
            let rows = start..<min(extent.rows, start + blockRows)
            kernel(rows, partial.pointer + block * width)
        }
        var sums = [Double](repeating: 0, count: width)
        for block in 0..<blocks {
            for i in 0..<width { sums[i] += Double(partial.pointer[block * width + i]) }
        }
        return sums
    }

    /// `sum(x)` of each channel, a tensor `[C]`.
    static func sum(_ x: Tensor) -> Tensor {
        let count = x.shape.channels
        return x.withElements { source in
            vector(
                reduce(x.shape.extent, width: count) { rows, result in
                    kernels.channel.sum(
                        source + rows.lowerBound * count, result,
                        RowExtent(rows: rows.count, channels: count))
                })
        }
    }

    /// `sum(a b)` of each channel, a tensor `[C]`.
    static func dot(_ a: Tensor, _ b: Tensor) -> Tensor {
        let count = a.shape.channels
        return a.withElements { first in
            b.withElements { second in
                vector(
                    reduce(a.shape.extent, width: count) { rows, result in
                        let start = rows.lowerBound * count
                        kernels.channel.dot(
                            first + start, second + start, result,
                            RowExtent(rows: rows.count, channels: count))
                    })
            }
        }
    }

    /// Sums as a tensor `[C]`.
    static func vector(_ sums: [Double]) -> Tensor {
        Tensor(shape: [sums.count], sums.map { Float($0) })
    }
}
