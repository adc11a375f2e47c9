import KernelInterface

/// One walk over the rows of a linear map's operands for all its gradients.
struct GradientWalk {
    /// What is read, and where the results go.
    struct Operands {
        let x: UnsafePointer<Float>
        let dy: UnsafePointer<Float>
        /// The weight, packed for `dx`.
        let panels: UnsafePointer<Float>
        let dx: UnsafeMutablePointer<Float>
        /// One weight gradient for each run.
        let sums: UnsafeMutablePointer<Float>
        /// One bias gradient for each chunk.
        let totals: UnsafeMutablePointer<Float>
    }

    /// Where the panels of the weight lie.
    let layout: MatrixLayout
    private let product: MatrixRun
    private let rows: Int
    private let inputs: Int
    private let outputs: Int
    private let runLength: Int
    private let chunk: Int

    /// Elements of the largest weight: its panels and its gradient leave room for the rows.
    private static let largestWeight = 40 * 1024
    /// Floats in the second-level cache.
    private static let cachedFloats = 192 * 1024
    private static let enoughRuns = 16
    private static let fewestRuns = 4

    /// Cuts the rows, by the extents alone.
    ///
    /// - Parameters:
    ///   - rows: Rows of `x` and `dy`.
    ///   - inputs: Columns of `x`.
    ///   - outputs: Columns of `dy`.
    init(rows: Int, inputs: Int, outputs: Int) {
        layout = MatrixLayout(depth: outputs, columns: inputs)
        product = MatrixRun(layout: layout, rows: rows)
        self.rows = rows
        self.inputs = inputs
        self.outputs = outputs
        let runs = MatrixReduction.runs(rows, outputs, inputs, wanted: Self.enoughRuns)
        runLength = MatrixRun.evenPart(rows, most: (rows + runs - 1) / runs, unit: 12)
        let room = Self.cachedFloats - 2 * min(inputs * outputs, Self.largestWeight)
        let longest = max(96, min(504, room / max(1, inputs + outputs)))
        chunk = MatrixRun.evenPart(runLength, most: longest, unit: 12)
    }

    /// Whether the weight is small enough and the rows are enough for all threads.
    var pays: Bool { inputs * outputs <= Self.largestWeight && runs >= Self.fewestRuns }

    /// Parts of the rows that threads take.
    var runs: Int { max(1, (rows + runLength - 1) / runLength) }
    /// Chunks of all runs.
    var chunks: Int { runs * chunksOfRun }

    private var chunksOfRun: Int { (runLength + chunk - 1) / chunk }

    /// Walks over all rows.
    ///
    /// - Parameters:
    ///   - operands: What is read, and where the results go.
    ///   - operand: What the weight was multiplied with.
    func callAsFunction(_ operands: Operands, _ operand: MatrixProductGradient.Operand) {
        let packed = MatrixReduction.packedCount(rows: chunk, columns: inputs)
        let laneSize = packed + (operand == .plain ? 0 : chunk * inputs)
        let scratch = Storage(count: MatrixLanes.count(for: runs) * laneSize)
        MatrixLanes.forEach(runs) { run, lane in
            for index in 0..<chunksOfRun {
                let start = run * runLength + index * chunk
                let end = min(rows, (run + 1) * runLength, start + chunk)
                add(
                    operands, operand, start..<max(start, end), run: run, chunk: index,
                    scratch: scratch.pointer + lane * laneSize)
            }
        }
    }

    private func add(
        _ operands: Operands, _ operand: MatrixProductGradient.Operand, _ rows: Range<Int>,
        run: Int, chunk index: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        let dy = operands.dy + rows.lowerBound * outputs
        let totals = operands.totals + (run * chunksOfRun + index) * outputs
        kernels.matrix.addRows(dy, totals, rows.count, outputs, outputs)
        if rows.isEmpty { return }
        product.multiply(
            .matrix(operands.dy, stride: outputs), operands.panels, epilogue: MatrixEpilogue(),
            into: operands.dx, scratch: scratch, at: (rows, 0..<inputs))
        var right = operands.x + rows.lowerBound * inputs
        if operand == .activated {
            let activated = scratch + MatrixReduction.packedCount(rows: chunk, columns: inputs)
            kernels.activation.geluAndPullback(
                operands.dx + rows.lowerBound * inputs, right, activated, rows.count * inputs)
            right = UnsafePointer(activated)
        }
        ReductionChunk(
            a: dy, aStride: outputs, b: right, bStride: inputs, rows: rows.count,
            isFirst: index == 0
        ).add(
            to: operands.sums + run * outputs * inputs, stride: inputs, height: outputs,
            width: inputs, scratch: scratch)
    }
}
