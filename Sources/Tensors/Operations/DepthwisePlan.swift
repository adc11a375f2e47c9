import KernelInterface
import Parallelism
import Synchronization

/// How a depth-wise convolution is cut: samples, blocks of rows, blocks of channels.
///
/// Blocks of rows are fixed by the shape. Threads take units from a counter, each with a plane of
/// working memory of its own.
struct DepthwisePlan {
    private let geometry: DepthwiseGeometry
    private let samples: Int
    private let blockRows: Int

    /// Threads that can work at once; bounds the working memory.
    private static let laneLimit = max(16, ThreadCount.available)
    /// Floats of a plane: with its weights it leaves half of a second-level cache of 1 MiB.
    private static let planeLimit = 96 * 1024

    init(_ geometry: DepthwiseGeometry, samples: Int) {
        self.geometry = geometry
        self.samples = samples
        // Counted for sixteen channels, so that both copies of the kernels cut alike.
        let span = (geometry.kernel.height - 1) * geometry.dilation + 1
        let line = geometry.source.width * geometry.spacing + 2 * abs(geometry.padding.width) + 8
        let lines = Self.planeLimit / (16 * line)
        let fitting = (lines - span) / geometry.stride + 1
        blockRows = max(4, min(geometry.destination.height, fitting, max(8, 2 * span)))
    }

    private var rowBlocks: Int {
        (geometry.destination.height + blockRows - 1) / blockRows
    }

    private var channelBlocks: Int {
        let block = kernels.depthwise.channelBlock
        return (geometry.channels + block - 1) / block
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
        let source = geometry.source.height * geometry.source.width * geometry.channels
        let target = geometry.destination.height * geometry.destination.width * geometry.channels
        forEachUnit(scratch) { sample, _, block, scratch in
            let part = DepthwiseOperands(
                x: operands.x + sample * source, weight: operands.weight, bias: operands.bias,
                y: operands.y + sample * target)
            kernel(part, geometry, block, scratch)
        }
    }

    /// The sums `[kh kw + 1, C]`: gradients of the weights, then of the bias.
    func weightGradient(_ dy: Tensor, _ x: Tensor) -> [Double] {
        let width = (geometry.kernel.height * geometry.kernel.width + 1) * geometry.channels
        let partial = Storage(count: samples * rowBlocks * width)
        let scratch = Storage(count: scratchCount)
        let source = geometry.source.height * geometry.source.width * geometry.channels
        let target = geometry.destination.height * geometry.destination.width * geometry.channels
        x.withElements { x in
            dy.withElements { dy in
                forEachUnit(scratch.pointer) { sample, index, block, scratch in
                    let part = DepthwiseGradientOperands(
                        x: x + sample * source, dy: dy + sample * target,
                        sums: partial.pointer + index * width)
                    kernels.depthwise.weightGradient(part, geometry, block, scratch)
                }
            }
        }
        var sums = [Double](repeating: 0, count: width)
        guard units > 0 else { return sums }
        for index in 0..<samples * rowBlocks {
            for i in 0..<width { sums[i] += Double(partial.pointer[index * width + i]) }
        }
        return sums
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
                let block = DepthwiseBlock(
                    firstRow: firstRow,
                    rowCount: min(blockRows, geometry.destination.height - firstRow),
                    firstChannel: unit % channelBlocks * kernels.depthwise.channelBlock)
                body(index / rowBlocks, index, block, scratch + lane * laneScratch)
            }
        }
    }
}
