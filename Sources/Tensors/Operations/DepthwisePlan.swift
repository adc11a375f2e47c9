import KernelInterface
import Parallelism
import Synchronization

/// How a depth-wise convolution is cut: samples, blocks of rows, blocks of channels.
///
/// Blocks of rows are fixed by the shape. Threads take units from a counter, each with working
/// memory of its own.
struct DepthwisePlan {
    private let geometry: DepthwiseGeometry
    private let samples: Int
    private let blockRows: Int
    private let blockChannels: Int

    /// Threads that can work at once; bounds the working memory.
    private static let laneLimit = max(16, ThreadCount.available)
    /// Floats of a plane: with its weights it leaves half of a second-level cache of 1 MiB.
    private static let planeLimit = 96 * 1024
    /// Units that are wanted at least, for the threads to share.
    private static let wantedUnits = 8

    init(_ geometry: DepthwiseGeometry, samples: Int) {
        self.geometry = geometry
        self.samples = samples
        let height = max(1, geometry.destination.height)
        if kernels.depthwise.isDirect(geometry) {
            // Sixteen rows at most: the rows around them, read again, are then a small part.
            // Their number is even where it can be, for the sake of two threads.
            let least = (height + 15) / 16
            let blocks = min(height, samples * least % 2 == 0 ? least : least + 1)
            blockRows = (height + blocks - 1) / blocks
            let spans = Self.wantedUnits / max(1, samples * blocks)
            blockChannels = Self.span(geometry.channels, spans: max(1, spans))
        } else {
            blockRows = Self.planeRows(geometry)
            blockChannels = kernels.depthwise.channelBlock
        }
    }

    /// Cuts the gradients of a convolution that is computed straight from the maps, by so few rows
    /// that those of `dy` stay in the second-level cache from one gradient to the other.
    ///
    /// - Parameters:
    ///   - geometry: The sizes of the convolution; source and destination are of one extent.
    ///   - samples: Number of samples.
    init(gradientsOf geometry: DepthwiseGeometry, samples: Int) {
        let whole = DepthwisePlan(geometry, samples: samples)
        let row = max(1, geometry.destination.width * geometry.channels)
        self.geometry = geometry
        self.samples = samples
        blockRows = max(1, min(whole.blockRows, Self.cachedGradients / row))
        blockChannels = whole.blockChannels
    }

    /// Floats of `dy` that stay in the cache beside as many of the source and of its gradient.
    private static let cachedGradients = 64 * 1024

    /// Channels of one of about `spans` equal blocks, in whole groups of 64 where that is possible.
    private static func span(_ channels: Int, spans: Int) -> Int {
        guard channels % 64 == 0 else { return channels }
        let groups = channels / 64
        return (groups + min(spans, groups) - 1) / min(spans, groups) * 64
    }

    /// Rows whose plane fits; counted for sixteen channels, so that both copies of the kernels cut
    /// alike.
    private static func planeRows(_ geometry: DepthwiseGeometry) -> Int {
        let span = (geometry.kernel.height - 1) * geometry.dilation + 1
        let line = geometry.source.width * geometry.spacing + 2 * abs(geometry.padding.width) + 8
        let lines = planeLimit / (16 * line)
        let fitting = (lines - span) / geometry.stride + 1
        return max(4, min(geometry.destination.height, fitting, max(8, 2 * span)))
    }

    /// The name of the algorithm; planes of channels are copied where the kernels have no other way.
    var algorithm: String {
        kernels.depthwise.isDirect(geometry) ? "depth-wise in place" : "depth-wise by planes"
    }

    private var rowBlocks: Int {
        (geometry.destination.height + blockRows - 1) / blockRows
    }

    private var channelBlocks: Int {
        (geometry.channels + blockChannels - 1) / max(1, blockChannels)
    }

    private var units: Int {
        geometry.destination.width == 0 ? 0 : samples * rowBlocks * channelBlocks
    }

    private var unitScratch: Int {
        (kernels.depthwise.scratchCount(geometry, blockRows) + 15) / 16 * 16
    }

    /// Floats of working memory of all threads.
    var scratchCount: Int { min(units, Self.laneLimit) * unitScratch }

    /// Computes a convolution of all samples.
    func convolve(
        _ operands: DepthwiseOperands, with kernel: DepthwiseKernel,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let source = geometry.source.height * geometry.source.width * geometry.sourceStride
        let target = geometry.destination.height * geometry.destination.width * geometry.channels
        forEachUnit(scratch) { sample, _, block, scratch in
            let part = DepthwiseOperands(
                x: operands.x + sample * source, weight: operands.weight, bias: operands.bias,
                y: operands.y + sample * target)
            kernel(part, geometry, block, scratch)
        }
    }

    /// The sums `[kh kw + 1, C]`: gradients of the weights, then of the bias.
    ///
    /// - Parameters:
    ///   - dy: Gradient of the output.
    ///   - x: The input.
    ///   - before: What is computed for each block of rows before its sums.
    /// - Returns: The sums.
    func weightGradient(
        _ dy: Tensor, _ x: Tensor, before: (_ sample: Int, DepthwiseBlock) -> Void = { _, _ in }
    ) -> Tensor {
        let taps = geometry.kernel.height * geometry.kernel.width
        let width = (taps + 1) * geometry.channels
        let partial = Storage(count: samples * rowBlocks * width)
        let scratch = Storage(count: scratchCount)
        let source = geometry.source.height * geometry.source.width * geometry.channels
        let target = geometry.destination.height * geometry.destination.width * geometry.channels
        x.withElements { x in
            dy.withElements { dy in
                forEachUnit(scratch.pointer) { sample, index, block, scratch in
                    before(sample, block)
                    let part = DepthwiseGradientOperands(
                        x: x + sample * source, dy: dy + sample * target,
                        sums: partial.pointer + index * width)
                    kernels.depthwise.weightGradient(part, geometry, block, scratch)
                }
            }
        }
        let rows = units == 0 ? 0 : samples * rowBlocks
        return Tensor(shape: [taps + 1, geometry.channels]) {
            kernels.channel.sum(partial.pointer, $0, RowExtent(rows: rows, channels: width))
        }
    }

    /// Calls `body` with sample, number of the block of rows among all samples, block, scratch.
    private func forEachUnit(
        _ scratch: UnsafeMutablePointer<Float>,
        _ body: (Int, Int, DepthwiseBlock, UnsafeMutablePointer<Float>) -> Void
    ) {
        let units = units
        let lanes = min(units, Self.laneLimit, WorkerPool.shared.threadCount)
        let next = Atomic<Int>(0)
        let (rowBlocks, channelBlocks, laneScratch) = (rowBlocks, channelBlocks, unitScratch)
        parallelFor(lanes) { lane in
            while true {
                let unit = next.add(1, ordering: .relaxed).oldValue
                if unit >= units { return }
                let index = unit / channelBlocks
                let firstRow = index % rowBlocks * blockRows
                let firstChannel = unit % channelBlocks * blockChannels
                let block = DepthwiseBlock(
                    rows: firstRow..<min(geometry.destination.height, firstRow + blockRows),
                    channels: firstChannel..<min(geometry.channels, firstChannel + blockChannels))
                body(index / rowBlocks, index, block, scratch + lane * laneScratch)
            }
        }
    }
}
