import KernelInterface

/// The gradients of a `MixingChain`, cut like the chain itself.
///
/// For a chunk of rows and a block of hidden channels, these are computed again: the hidden map
/// `h = expand(x)`, its convolution `m`, GELU and its slope. Then `dm = (dy contract) gelu'(m)`,
/// `dh` by the window turned around, and while all of it is in the cache the sums for the weights
/// and `dx = dh expand`. Rows around a band are computed by both of its neighbours; sums are those
/// of the band's own rows, one set for each band, added in the order of the bands.
struct ChainGradient {
    private let chain: MixingChain
    private let cut: ChainCut
    private let sums: ChainSums
    /// The weights for `h`, for `dy contract` and for `dx`.
    private let expand: PackedMatrix
    private let spread: PackedMatrix
    private let back: PackedMatrix

    /// Packs the weights.
    ///
    /// - Parameter chain: What is differentiated.
    init(_ chain: MixingChain) {
        self.chain = chain
        cut = chain.cut
        sums = ChainSums(cut.sizes, taps: chain.depthwise.taps)
        expand = PackedMatrix(chain.expand.weight)
        spread = PackedMatrix(
            rowMajor: chain.contract.weight, depth: cut.sizes.outputs, columns: cut.sizes.hidden)
        back = PackedMatrix(
            rowMajor: chain.expand.weight, depth: cut.sizes.hidden, columns: cut.sizes.inputs)
    }

    /// Computes all gradients.
    ///
    /// - Parameter dy: `[N, H, W, O]`.
    /// - Returns: Those of the input and of weight and bias of the three layers.
    func callAsFunction(_ dy: Tensor) -> [Tensor] {
        let parts = Storage(count: cut.count * sums.count)
        let scratch = Storage(count: MatrixLanes.count(for: cut.count) * laneCount)
        let dx = Tensor(shape: chain.x.shape) { dx in
            chain.x.withElements { x in
                dy.withElements { dy in
                    MatrixLanes.forEach(cut.count) { index, lane in
                        let call = Call(
                            band: cut[index], x: x, dy: dy, dx: dx,
                            sums: parts.pointer + index * sums.count,
                            memory: memory(scratch.pointer + lane * laneCount))
                        for block in 0..<cut.blocks { run(call, cut.channels(block)) }
                    }
                }
            }
        }
        let total = Storage(count: sums.count)
        MatrixReduction.addRuns(parts.pointer, cut.count, into: total.pointer, size: sums.count)
        let bias = ColumnSums.of(dy, rows: dy.shape.rows, columns: cut.sizes.outputs)
        return [dx] + sums.tensors(total.pointer, chain) + [bias]
    }

    // MARK: - Memory

    /// Working memory of a thread.
    private struct Memory {
        /// The hidden map of a chunk and the rows around it.
        let hidden: UnsafeMutablePointer<Float>
        /// The gradient of its convolution, and of the rows that `dh` reads.
        let slope: UnsafeMutablePointer<Float>
        /// The convolution of new rows, then GELU of it.
        let mixed: UnsafeMutablePointer<Float>
        /// `dh` of the chunk.
        let back: UnsafeMutablePointer<Float>
        /// Sums of a chunk.
        let part: UnsafeMutablePointer<Float>
        /// A right operand as panels.
        let panels: UnsafeMutablePointer<Float>
    }

    private var rowCount: Int { cut.sizes.width * cut.blockChannels }

    private var panelCount: Int {
        let columns = max(cut.blockChannels, cut.sizes.inputs)
        let rows = cut.chunkRows + cut.sizes.above + cut.sizes.below
        return MatrixReduction.packedCount(rows: rows * cut.sizes.width, columns: columns)
    }

    private var laneCount: Int {
        let around = cut.sizes.above + cut.sizes.below
        let rows = 4 * cut.chunkRows + 4 * around
        return rows * rowCount + 4 * 32 + sums.partCount(cut.blockChannels) + panelCount
    }

    private func memory(_ start: UnsafeMutablePointer<Float>) -> Memory {
        let around = cut.sizes.above + cut.sizes.below
        let slope = start + (cut.chunkRows + 2 * around) * rowCount + 32
        let mixed = slope + (cut.chunkRows + around) * rowCount + 32
        let back = mixed + (cut.chunkRows + around) * rowCount + 32
        let part = back + cut.chunkRows * rowCount + 32
        return Memory(
            hidden: start, slope: slope, mixed: mixed, back: back, part: part,
            panels: part + sums.partCount(cut.blockChannels))
    }

    /// One band and its memory.
    private struct Call {
        let band: ChainBand
        let x: UnsafePointer<Float>
        let dy: UnsafePointer<Float>
        let dx: UnsafeMutablePointer<Float>
        let sums: UnsafeMutablePointer<Float>
        let memory: Memory
    }

    // MARK: - One block of channels

    /// Rows of a band with their block of channels.
    private struct Step {
        let call: Call
        let channels: Range<Int>
        /// The chunk.
        let rows: Range<Int>
        /// Whether no rows of the band came before.
        let isFirst: Bool
    }

    private func run(_ call: Call, _ channels: Range<Int>) {
        let size = cut.sizes.width * channels.count
        var hidden = ChainWindow(memory: call.memory.hidden, rowSize: size)
        var slope = ChainWindow(memory: call.memory.slope, rowSize: size)
        var row = call.band.rows.lowerBound
        while row < call.band.rows.upperBound {
            let rows = row..<min(call.band.rows.upperBound, row + cut.chunkRows)
            let step = Step(
                call: call, channels: channels, rows: rows,
                isFirst: row == call.band.rows.lowerBound)
            let source = cut.source(rows)
            let unknown = hidden.move(to: cut.source(source))
            fill(unknown, of: hidden, step)
            differentiate(slope.move(to: source), hidden, slope, step)
            turnBack(hidden, slope, step)
            row = rows.upperBound
        }
    }

    /// Pixels of the maps before a row of the band's.
    private func pixel(_ row: Int, _ call: Call) -> Int {
        (call.band.sample * cut.sizes.height + row) * cut.sizes.width
    }

    /// Computes rows of the hidden map.
    private func fill(_ rows: Range<Int>, of hidden: ChainWindow, _ step: Step) {
        if rows.isEmpty { return }
        let (inputs, channels) = (cut.sizes.inputs, step.channels)
        let bias = chain.expand.bias.storage.pointer + channels.lowerBound
        expand.multiply(
            ProductPart(
                a: (step.call.x + pixel(rows.lowerBound, step.call) * inputs, inputs),
                c: (hidden[rows.lowerBound], channels.count),
                rows: rows.count * cut.sizes.width, columns: channels, depth: 0..<inputs),
            epilogue: MatrixEpilogue(bias: UnsafePointer(bias)))
    }

    /// Computes rows of `dm`, and from these and GELU the sums for the last weight.
    private func differentiate(
        _ rows: Range<Int>, _ hidden: ChainWindow, _ slope: ChainWindow, _ step: Step
    ) {
        if rows.isEmpty { return }
        let (call, channels, outputs) = (step.call, step.channels, cut.sizes.outputs)
        let mixed = call.memory.mixed
        chain.depthwise.run(hidden, rows, channels, into: mixed)
        let dm = slope[rows.lowerBound]
        spread.multiply(
            ProductPart(
                a: (call.dy + pixel(rows.lowerBound, call) * outputs, outputs),
                c: (dm, channels.count), rows: rows.count * cut.sizes.width, columns: channels,
                depth: 0..<outputs),
            epilogue: MatrixEpilogue())
        kernels.activation.geluAndPullback(dm, mixed, mixed, rows.count * slope.rowSize)
        let own = rows.clamped(to: call.band.rows)
        ReductionChunk(
            a: call.dy + pixel(own.lowerBound, call) * outputs, aStride: outputs,
            b: UnsafePointer(mixed) + (own.lowerBound - rows.lowerBound) * slope.rowSize,
            bStride: channels.count,
            rows: own.count * cut.sizes.width, isFirst: step.isFirst
        ).add(
            to: call.sums + sums.contract + channels.lowerBound, stride: cut.sizes.hidden,
            height: outputs, width: channels.count, scratch: call.memory.panels)
    }

    /// Computes `dh` of the chunk, `dx`, and the sums for the first weight and the window.
    private func turnBack(_ hidden: ChainWindow, _ slope: ChainWindow, _ step: Step) {
        let (call, channels, inputs) = (step.call, step.channels, cut.sizes.inputs)
        let (dh, pixels) = (call.memory.back, step.rows.count * cut.sizes.width)
        chain.depthwise.runTurned(slope, step.rows, channels, into: dh)
        let place = pixel(step.rows.lowerBound, call) * inputs
        back.multiply(
            ProductPart(
                a: (UnsafePointer(dh), channels.count), c: (call.dx + place, inputs),
                rows: pixels, columns: 0..<inputs, depth: channels),
            epilogue: MatrixEpilogue())
        ReductionChunk(
            a: UnsafePointer(dh), aStride: channels.count, b: call.x + place, bStride: inputs,
            rows: pixels, isFirst: step.isFirst
        ).add(
            to: call.sums + sums.expand + channels.lowerBound * inputs, stride: inputs,
            height: channels.count, width: inputs, scratch: call.memory.panels)
        let part = call.memory.part
        chain.depthwise.gradient(hidden, slope, step.rows, channels, into: part)
        kernels.matrix.addRows(
            UnsafePointer(dh), part + (chain.depthwise.taps + 1) * channels.count, pixels,
            channels.count, channels.count)
        sums.add(part, channels, to: call.sums, isFirst: step.isFirst)
    }
}

/// Where the sums of a band lie: `[hidden, C]` for the first weight, `[O, hidden]` for the last,
/// then rows of hidden channels: the taps, the bias of the window, the bias of the first weight.
private struct ChainSums {
    private let sizes: ChainSizes
    private let taps: Int

    init(_ sizes: ChainSizes, taps: Int) {
        self.sizes = sizes
        self.taps = taps
    }

    let expand = 0
    var contract: Int { sizes.hidden * sizes.inputs }
    private var window: Int { contract + sizes.outputs * sizes.hidden }
    private var rows: Int { taps + 2 }
    var count: Int { window + rows * sizes.hidden }

    /// Floats of the rows of a block of channels.
    func partCount(_ channels: Int) -> Int { rows * channels + 32 }

    /// Adds the rows of a block of channels, or begins with them.
    func add(
        _ part: UnsafePointer<Float>, _ channels: Range<Int>,
        to sums: UnsafeMutablePointer<Float>, isFirst: Bool
    ) {
        for row in 0..<rows {
            let source = part + row * channels.count
            let target = sums + window + row * sizes.hidden + channels.lowerBound
            if isFirst {
                target.update(from: source, count: channels.count)
            } else {
                kernels.elementwise.add(target, source, target, channels.count)
            }
        }
    }

    /// The gradients of weight and bias of expansion and window, and of the last weight.
    func tensors(_ sums: UnsafePointer<Float>, _ chain: MixingChain) -> [Tensor] {
        let bias = window + taps * sizes.hidden
        return [
            (expand, chain.expand.weight.shape), (bias + sizes.hidden, chain.expand.bias.shape),
            (window, chain.local.weight.shape), (bias, chain.local.bias.shape),
            (contract, chain.contract.weight.shape),
        ].map { start, shape in
            Tensor(shape: shape) { $0.update(from: sums + start, count: shape.count) }
        }
    }
}
