import KernelInterface
import Parallelism

/// GroupNorm (Wu and He, 2018): statistics of each sample and group of channels.
///
/// `y = (x - mean) / sqrt(variance + epsilon) w + b`, mean and variance over positions and the
/// channels of a group. Operands: `x [N, ..., C]`, `w [C]`, `b [C]`.
public struct GroupNormalization: Operation {
    /// The name in layer tables.
    public let name = "GroupNorm"
    /// Number of groups; divides the channels.
    public let groups: Int
    /// Added to the variance.
    public let epsilon: Float

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - groups: Number of groups; divides the channels.
    ///   - epsilon: Added to the variance.
    public init(groups: Int, epsilon: Float) {
        self.groups = groups
        self.epsilon = epsilon
    }

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            x.rank >= 2 && groups >= 1 && x.channels % groups == 0
                && inputs[1].count == x.channels && inputs[2].count == x.channels,
            "GroupNorm of \(x) in \(groups) groups with \(inputs[1]), \(inputs[2])")
        return x
    }

    /// Moments of each block of rows, and a scale and a shift for each sample and channel.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        let rows = SampleRows(inputs[0])
        return 2 * rows.samples * (rows.blocks + 1) * rows.extent.channels
    }

    /// One pass for the statistics, one to apply them.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let rows = SampleRows(x.shapes[0])
        let count = rows.extent.channels
        let affine = factors(of: x, rows, scratch: scratch)
        rows.forEachBlock { sample, _, start, extent in
            let scale = affine + 2 * sample * count
            kernels.channel.affine(x[0] + start, scale, scale + count, y + start, extent)
        }
    }

    /// The scale and the shift of each channel, sample after sample.
    ///
    /// - Parameters:
    ///   - x: The operands.
    ///   - rows: The first operand, cut into blocks.
    ///   - scratch: Room for `scratchCount` floats.
    /// - Returns: `[N, 2, C]`, inside of the working memory.
    func factors(
        of x: Operands, _ rows: SampleRows, scratch: UnsafeMutablePointer<Float>
    ) -> UnsafeMutablePointer<Float> {
        let count = rows.extent.channels
        rows.forEachBlock { sample, block, start, extent in
            kernels.channel.moments(
                x[0] + start, scratch + (sample * rows.blocks + block) * 2 * count, extent)
        }
        let affine = scratch + 2 * rows.samples * rows.blocks * count
        for sample in 0..<rows.samples {
            let moments = scratch + sample * rows.blocks * 2 * count
            for group in 0..<groups {
                let statistics = statistics(rows, moments, group)
                for c in channels(of: group, count) {
                    let scale = x[1][c] * statistics.inverse
                    affine[2 * sample * count + c] = scale
                    affine[(2 * sample + 1) * count + c] = x[2][c] - statistics.mean * scale
                }
            }
        }
        return affine
    }

    private func channels(of group: Int, _ count: Int) -> Range<Int> {
        let width = count / groups
        return group * width..<(group + 1) * width
    }

    private struct Statistics {
        let mean: Float
        let inverse: Float
    }

    /// Joins the moments of a group's channels and blocks, in double precision.
    private func statistics(
        _ rows: SampleRows, _ moments: UnsafePointer<Float>, _ group: Int
    ) -> Statistics {
        let count = rows.extent.channels
        let channels = channels(of: group, count)
        let elements = Double(max(1, rows.extent.rows * channels.count))
        var mean = 0.0
        for block in 0..<rows.blocks {
            let weight = Double(rows.rowCount(of: block)) / elements
            for c in channels { mean += weight * Double(moments[2 * block * count + c]) }
        }
        var variance = 0.0
        for block in 0..<rows.blocks {
            let weight = Double(rows.rowCount(of: block))
            for c in channels {
                let distance = Double(moments[2 * block * count + c]) - mean
                variance += weight * distance * distance
                variance += Double(moments[(2 * block + 1) * count + c])
            }
        }
        let deviation = (variance / elements + Double(epsilon)).squareRoot()
        return Statistics(mean: Float(mean), inverse: Float(1 / deviation))
    }

    /// Keeps the input; the statistics are computed again.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, weight, operation) = (inputs[0], inputs[1], self)
        return { dy, _ in operation.gradients(dy, x, weight) }
    }

    /// With `M` elements in a group and `g = dy w`:
    /// `dx = (g - sum(g) / M - xhat sum(g xhat) / M) inverse`.
    private func gradients(_ dy: Tensor, _ x: Tensor, _ weight: Tensor) -> [Tensor?] {
        let rows = SampleRows(x.shape)
        let count = rows.extent.channels
        var dw = [Double](repeating: 0, count: count)
        var db = dw
        let dx = Tensor(shape: x.shape) { dx in
            let factors = Storage(count: rows.samples * 3 * count)
            let partial = Storage(count: 2 * rows.samples * rows.blocks * count)
            rows.forEachBlock { sample, block, start, extent in
                kernels.channel.moments(
                    x.storage.pointer + start,
                    partial.pointer + (sample * rows.blocks + block) * 2 * count, extent)
            }
            let groupStatistics = (0..<rows.samples).map { sample in
                (0..<groups).map {
                    statistics(rows, partial.pointer + sample * rows.blocks * 2 * count, $0)
                }
            }
            let width = count / groups
            let means = Tensor(
                shape: [rows.samples, count],
                groupStatistics.flatMap { groups in
                    (0..<count).map { groups[$0 / width].mean }
                })
            rows.forEachBlock { sample, block, start, extent in
                kernels.channel.centredSums(
                    dy.storage.pointer + start, x.storage.pointer + start,
                    means.storage.pointer + sample * count,
                    partial.pointer + (sample * rows.blocks + block) * 2 * count, extent)
            }
            for sample in 0..<rows.samples {
                let sums = sums(rows, partial.pointer + sample * rows.blocks * 2 * count)
                for group in 0..<groups {
                    let statistics = groupStatistics[sample][group]
                    setFactors(
                        factors.pointer + sample * 3 * count, sums, weight, statistics,
                        channels(of: group, count), Double(rows.extent.rows))
                    for c in channels(of: group, count) {
                        db[c] += sums[c]
                        dw[c] += sums[count + c] * Double(statistics.inverse)
                    }
                }
            }
            rows.forEachBlock { sample, _, start, extent in
                kernels.channel.blend(
                    dy.storage.pointer + start, x.storage.pointer + start,
                    factors.pointer + sample * 3 * count, dx + start, extent)
            }
        }
        return [dx, ChannelSums.vector(dw), ChannelSums.vector(db)]
    }

    /// Adds the sums of a sample's blocks in order.
    private func sums(_ rows: SampleRows, _ partial: UnsafePointer<Float>) -> [Double] {
        let width = 2 * rows.extent.channels
        var sums = [Double](repeating: 0, count: width)
        for block in 0..<rows.blocks {
            for i in 0..<width { sums[i] += Double(partial[block * width + i]) }
        }
        return sums
    }

    /// Sets `a`, `b`, `c` of `dx = a dy + b x + c` for the channels of one group.
    private func setFactors(
        _ factors: UnsafeMutablePointer<Float>, _ sums: [Double], _ weight: Tensor,
        _ statistics: Statistics, _ channels: Range<Int>, _ rows: Double
    ) {
        let count = weight.count
        let inverse = Double(statistics.inverse)
        let elements = rows * Double(channels.count)
        var (total, product) = (0.0, 0.0)
        for c in channels {
            total += Double(weight.storage.pointer[c]) * sums[c]
            product += Double(weight.storage.pointer[c]) * sums[count + c] * inverse
        }
        let slope = -inverse * inverse * product / elements
        let constant = -inverse * total / elements - slope * Double(statistics.mean)
        for c in channels {
            factors[c] = weight.storage.pointer[c] * statistics.inverse
            factors[count + c] = Float(slope)
            factors[2 * count + c] = Float(constant)
        }
    }
}

/// A tensor `[N, ..., C]` as samples of rows, each cut into blocks fixed by the shape.
struct SampleRows {
    let samples: Int
    /// Rows of one sample, and channels.
    let extent: RowExtent
    private let blockRows: Int

    init(_ shape: Shape) {
        samples = shape[0]
        extent = RowExtent(
            rows: shape.dimensions.dropFirst().dropLast().reduce(1, *), channels: shape.channels)
        blockRows = ChannelSums.blockRows(extent)
    }

    /// Blocks of one sample.
    var blocks: Int { (extent.rows + blockRows - 1) / blockRows }

    /// Rows of a block.
    func rowCount(of block: Int) -> Int { min(blockRows, extent.rows - block * blockRows) }

    /// Calls `body` with sample, block, first element and extent of each block, on all threads.
    func forEachBlock(_ body: (Int, Int, Int, RowExtent) -> Void) {
        parallelFor(samples * blocks) { index in
            let (sample, block) = (index / blocks, index % blocks)
            let start = (sample * extent.rows + block * blockRows) * extent.channels
            body(
                sample, block, start,
                RowExtent(rows: rowCount(of: block), channels: extent.channels))
        }
    }
}

extension Tensor {
    /// GroupNorm of `[N, ..., C]`.
    ///
    /// - Parameters:
    ///   - weight: `[C]`.
    ///   - bias: `[C]`.
    ///   - groups: Number of groups; divides the channels.
    ///   - epsilon: Added to the variance.
    /// - Returns: The normalised features.
    public func groupNormalized(
        _ weight: Tensor, _ bias: Tensor, groups: Int, epsilon: Float
    ) -> Tensor {
        GroupNormalization(groups: groups, epsilon: epsilon)(self, weight, bias)
    }
}
