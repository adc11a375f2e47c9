import KernelInterface

/// The input pixels whose row and column leave given rests when divided by the stride.
///
/// Their gradient is a convolution with stride 1 of `dy` with the taps that reach them.
struct ConvolutionPhase {
    private let whole: ConvolutionGeometry
    private let row: Axis
    private let column: Axis

    /// One direction of a phase.
    private struct Axis {
        /// Position of the first input pixel.
        let first: Int
        /// Number of input pixels.
        let count: Int
        /// Kernel positions, from the one that meets the first output pixel to the last.
        let taps: [Int]
        /// The output pixel that the first tap of the first input pixel meets.
        let start: Int

        init(phase: Int, size: Int, kernel: Int, stride: Int, padding: Int) {
            first = phase
            count = size > phase ? (size - phase + stride - 1) / stride : 0
            let rest = (phase + padding) % stride
            taps = Array(Swift.stride(from: rest, to: kernel, by: stride)).reversed()
            start = (phase + padding - (taps.first ?? 0)) / stride
        }
    }

    /// Makes a phase.
    ///
    /// - Parameters:
    ///   - geometry: The convolution.
    ///   - row: Rest of the input row.
    ///   - column: Rest of the input column.
    init(_ geometry: ConvolutionGeometry, row: Int, column: Int) {
        whole = geometry
        self.row = Axis(
            phase: row, size: geometry.input[1], kernel: geometry.weight[1],
            stride: geometry.stride, padding: geometry.padding)
        self.column = Axis(
            phase: column, size: geometry.input[2], kernel: geometry.weight[2],
            stride: geometry.stride, padding: geometry.padding)
    }

    private var outputs: Int { whole.weight[0] }
    private var inputs: Int { whole.weight[3] }
    private var run: Int { column.taps.count * outputs }

    private var patches: PatchGeometry {
        var patches = PatchGeometry(
            height: whole.output[1], width: whole.output[2], channels: outputs)
        patches.outputHeight = row.count
        patches.outputWidth = column.count
        patches.top = row.start
        patches.left = column.start
        patches.rowTaps = row.taps.count
        patches.columnTaps = column.taps.count
        return patches
    }

    /// Writes the gradient of the phase's pixels.
    ///
    /// - Parameters:
    ///   - dy: Gradient of the output.
    ///   - weight: The weight.
    ///   - dx: The gradient of the whole input.
    func add(_ dy: Tensor, _ weight: Tensor, into dx: UnsafeMutablePointer<Float>) {
        let layout = MatrixLayout(depth: row.taps.count * run, columns: inputs, unit: run)
        let product = MatrixRun(
            layout: layout, rows: whole.input[0] * row.count * column.count)
        let panels = Storage(count: layout.count)
        let scratch = Storage(count: product.patchScratchCount)
        weight.withElements { pack($0, layout, into: panels.pointer) }
        let pixels = whole.stride > 1 ? Storage(count: product.rows * inputs) : nil
        dy.withElements { dy in
            product(
                .patches(dy, patches), panels.pointer, epilogue: MatrixEpilogue(),
                into: pixels?.pointer ?? dx, scratch: scratch.pointer)
        }
        if let pixels { scatter(pixels.pointer, into: dx) }
    }

    /// Packs `w[., u, v, .]` of each tap as rows `(u, v, o)` and columns `c`.
    ///
    /// - Parameters:
    ///   - weight: The weight.
    ///   - layout: Where the panels lie.
    ///   - panels: Room for them.
    func pack(
        _ weight: UnsafePointer<Float>, _ layout: MatrixLayout,
        into panels: UnsafeMutablePointer<Float>
    ) {
        guard run > 0 else { return }
        layout.forEachBlock { block in
            var copy = PanelCopy(
                sourceStride: whole.weight[1] * whole.weight[2] * inputs, depth: outputs,
                columns: inputs)
            copy.panelDepth = block.count
            for u in block.lowerBound / run..<block.upperBound / run {
                for (v, tap) in column.taps.enumerated() {
                    copy.firstRow = u * run - block.lowerBound + v * outputs
                    kernels.matrix.packRows(
                        weight + (row.taps[u] * whole.weight[2] + tap) * inputs,
                        panels + block.lowerBound * layout.paddedColumns, copy)
                }
            }
        }
    }

    /// Copies the pixels of the phase to their places.
    private func scatter(
        _ pixels: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>
    ) {
        let (height, width) = (whole.input[1], whole.input[2])
        MatrixLanes.forEach(whole.input[0] * row.count) { line, _ in
            let y = line / row.count * height + row.first + line % row.count * whole.stride
            for x in 0..<column.count {
                let pixel = dx + (y * width + column.first + x * whole.stride) * inputs
                pixel.update(from: pixels + (line * column.count + x) * inputs, count: inputs)
            }
        }
    }
}
