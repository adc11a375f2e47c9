import KernelInterface

/// The first or the last product of a chain.
struct ChainProduct: Sendable {
    /// The packed weight.
    let matrix: PackedMatrix
    /// One number for each column, or nil.
    let bias: Tensor?
    /// What follows the sums.
    let steps: EpilogueSteps

    /// The epilogue of one call.
    ///
    /// - Parameter x: The chain's operands.
    /// - Returns: The epilogue, valid while the operands are.
    func epilogue(_ x: Operands) -> MatrixEpilogue {
        steps.epilogue(x, bias: bias.map { UnsafePointer($0.storage.pointer) })
    }
}

/// The depth-wise convolution inside of a chain, its weights by blocks of channels.
struct ChainDepthwise: Sendable {
    /// Multiply-adds of one output.
    let taps: Int
    /// The name in layer tables.
    let name: String
    private let geometry: DepthwiseGeometry
    /// What follows the convolution.
    var activation: MatrixEpilogue.Activation
    /// `[taps, C]` of each block, one after another.
    private let weight: Tensor
    private let bias: Tensor?

    /// Takes a convolution that keeps the size of its map; nil where a block of channels cannot
    /// be computed straight from its window.
    ///
    /// - Parameters:
    ///   - whole: The convolution.
    ///   - cut: The blocks of channels.
    init?(_ whole: FusedDepthwise, cut: ChainCut) {
        var narrowest = whole.geometry
        narrowest.channels = cut.channels(cut.blocks - 1).count
        guard kernels.depthwise.isDirect(narrowest) else { return nil }
        geometry = whole.geometry
        activation = whole.activation
        bias = whole.bias
        name = whole.name
        let count = geometry.kernel.height * geometry.kernel.width
        taps = count
        let hidden = cut.sizes.hidden
        weight = whole.weight.withElements { source in
            Tensor(shape: whole.weight.shape) { target in
                for block in 0..<cut.blocks {
                    let channels = cut.channels(block)
                    for tap in 0..<count {
                        (target + count * channels.lowerBound + tap * channels.count).update(
                            from: source + tap * hidden + channels.lowerBound,
                            count: channels.count)
                    }
                }
            }
        }
    }

    /// Computes rows of one block of channels and their activation.
    ///
    /// - Parameters:
    ///   - x: The rows around them, of these channels alone.
    ///   - rows: The rows to compute.
    ///   - channels: The block.
    ///   - y: Room for the rows.
    func run(
        _ x: ChainWindow, _ rows: Range<Int>, _ channels: Range<Int>,
        into y: UnsafeMutablePointer<Float>
    ) {
        let part = geometry(of: x, channels)
        let size = geometry.destination.width * channels.count
        kernels.depthwise.convolve(
            DepthwiseOperands(
                x: x.first, weight: weight(of: channels),
                bias: bias.map { UnsafePointer($0.storage.pointer + channels.lowerBound) },
                y: y - rows.lowerBound * size),
            part, DepthwiseBlock(rows: rows, channels: 0..<channels.count), y)
        guard activation != .none else { return }
        let count = rows.count * size
        kernels.matrix.finish(
            y, MatrixPart(rows: 1, columns: count, stride: count),
            MatrixEpilogue(activation: activation))
    }
    /// Computes rows of the gradient of the input of one block of channels.
    ///
    /// - Parameters:
    ///   - dy: The rows around them of the output's gradient.
    ///   - rows: The rows to compute.
    ///   - channels: The block.
    ///   - dx: Room for the rows.
    func runTurned(
        _ dy: ChainWindow, _ rows: Range<Int>, _ channels: Range<Int>,
        into dx: UnsafeMutablePointer<Float>
    ) {
        // A window that keeps the size of the map reaches as far above as below, turned around too.
        kernels.depthwise.convolveFlipped(
            DepthwiseOperands(
                x: dy.first, weight: weight(of: channels), bias: nil,
                y: dx - rows.lowerBound * dy.rowSize),
            geometry(of: dy, channels), DepthwiseBlock(rows: rows, channels: 0..<channels.count),
            dx)
    }

    /// Computes what rows give to the gradients of one block of weights, `[taps, C]`, and of the
    /// bias, which follows them.
    ///
    /// - Parameters:
    ///   - x: The rows around them of the input.
    ///   - dy: The rows, and others, of the output's gradient.
    ///   - rows: The rows.
    ///   - channels: The block.
    ///   - sums: Room for the gradients.
    func gradient(
        _ x: ChainWindow, _ dy: ChainWindow, _ rows: Range<Int>, _ channels: Range<Int>,
        into sums: UnsafeMutablePointer<Float>
    ) {
        kernels.depthwise.weightGradient(
            DepthwiseGradientOperands(
                x: x.first, dy: dy.first - dy.rows.lowerBound * dy.rowSize, sums: sums),
            geometry(of: x, channels), DepthwiseBlock(rows: rows, channels: 0..<channels.count),
            sums)
    }

    private func weight(of channels: Range<Int>) -> UnsafePointer<Float> {
        UnsafePointer(weight.storage.pointer + taps * channels.lowerBound)
    }

    /// The map that a kernel sees is the window: its padding begins above the map's own.
    private func geometry(of x: ChainWindow, _ channels: Range<Int>) -> DepthwiseGeometry {
        var part = geometry
        part.source.height = x.rows.count
        part.padding.height += x.rows.lowerBound
        part.channels = channels.count
        return part
    }
}
