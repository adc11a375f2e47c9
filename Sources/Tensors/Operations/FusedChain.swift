import KernelInterface

/// A matrix product, a depth-wise convolution and a second product, each with what follows it,
/// computed chunk by chunk so that what lies between them stays in the caches: the MLP of
/// networks that mix neighbours in it.
///
/// A band of rows of the output is one thread's; the few rows around it are computed by both
/// neighbours. In a band the hidden channels are taken in blocks: a chunk of rows goes through the
/// first product into a window that keeps the rows around the next chunk, through the depth-wise
/// convolution and into the sums of the last product. These are added up block by block, in the
/// order of the product alone, so that every bit is that of the single layers. Inputs: `x [N, H,
/// W, C]`, then gate and residual of the last product if there are any.
struct FusedChain: InferenceOperation {
    /// The shape of the output.
    let output: Shape
    private let first: ChainProduct
    private let local: ChainDepthwise
    private let last: ChainProduct
    private let cut: ChainCut

    /// Joins layers.
    ///
    /// - Parameters:
    ///   - first: The product to the hidden channels; it reads no operands beside its input.
    ///   - local: The depth-wise convolution of the hidden channels.
    ///   - last: The product to the output's channels.
    ///   - output: The shape of the output.
    ///   - cut: How the map is cut.
    init(
        first: ChainProduct, local: ChainDepthwise, last: ChainProduct, output: Shape,
        cut: ChainCut
    ) {
        self.first = first
        self.local = local
        self.last = last
        self.output = output
        self.cut = cut
    }

    var name: String {
        [
            "MatrixProduct" + first.steps.name, local.name, "MatrixProduct" + last.steps.name,
        ].joined(separator: ">")
    }

    func outputShape(_ inputs: [Shape]) -> Shape { output }

    func scratchCount(_ inputs: [Shape]) -> Int { MatrixLanes.count(for: cut.count) * laneCount }

    /// Those of the single layers, without the rows that two bands compute.
    func multiplyAdds(_ inputs: [Shape]) -> Int {
        output.rows * cut.sizes.hidden * (cut.sizes.inputs + local.taps + cut.sizes.outputs)
    }

    private var laneCount: Int { cut.windowCount + cut.chunkCount }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let (first, last) = (first.epilogue(x), last.epilogue(x))
        MatrixLanes.forEach(cut.count) { index, lane in
            let window = scratch + lane * laneCount
            let call = Call(
                band: cut[index], x: x[0], y: y, first: first, last: last, window: window,
                mixed: window + cut.windowCount)
            for block in 0..<cut.blocks { run(call, cut.channels(block)) }
        }
    }

    /// One band and its memory.
    private struct Call {
        let band: ChainBand
        let x: UnsafePointer<Float>
        let y: UnsafeMutablePointer<Float>
        let first: MatrixEpilogue
        let last: MatrixEpilogue
        let window: UnsafeMutablePointer<Float>
        let mixed: UnsafeMutablePointer<Float>
    }

    /// Computes one block of hidden channels from input to sums, chunk by chunk.
    private func run(_ call: Call, _ channels: Range<Int>) {
        var hidden = ChainWindow(
            memory: call.window, rowSize: cut.sizes.width * channels.count)
        var row = call.band.rows.lowerBound
        while row < call.band.rows.upperBound {
            let rows = row..<min(call.band.rows.upperBound, row + cut.chunkRows)
            let unknown = hidden.move(to: cut.source(rows))
            expand(unknown, channels, call, into: hidden[unknown.lowerBound])
            local.run(hidden, rows, channels, into: call.mixed)
            contract(rows, channels, call)
            row = rows.upperBound
        }
    }

    /// The first product of rows and a block of its channels.
    private func expand(
        _ rows: Range<Int>, _ channels: Range<Int>, _ call: Call,
        into hidden: UnsafeMutablePointer<Float>
    ) {
        let start = (call.band.sample * cut.sizes.height + rows.lowerBound) * cut.sizes.width
        first.matrix.multiply(
            ProductPart(
                a: (call.x + start * cut.sizes.inputs, cut.sizes.inputs),
                c: (hidden, channels.count), rows: rows.count * cut.sizes.width,
                columns: channels, depth: 0..<cut.sizes.inputs),
            epilogue: call.first.advanced(by: 0, column: channels.lowerBound))
    }

    /// Adds the products of a block of hidden channels to rows of the output.
    private func contract(_ rows: Range<Int>, _ channels: Range<Int>, _ call: Call) {
        let (width, outputs) = (cut.sizes.width, cut.sizes.outputs)
        let start = (call.band.sample * cut.sizes.height + rows.lowerBound) * width * outputs
        last.matrix.multiply(
            ProductPart(
                a: (UnsafePointer(call.mixed), channels.count), c: (call.y + start, outputs),
                rows: rows.count * width, columns: 0..<outputs, depth: channels),
            epilogue: call.last.advanced(by: start, column: 0))
    }
}
