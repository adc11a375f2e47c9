import KernelInterface

/// The extents of one convolution, and its three products over matrices of patches.
struct ConvolutionGeometry: Sendable {
    /// `[N, H, W, I]`.
    let input: Shape
    /// `[O, kh, kw, I]`.
    let weight: Shape
    /// `[N, H', W', O]`.
    let output: Shape
    /// Pixels from one output to the next.
    let stride: Int
    /// Rows and columns of zeros around the image.
    let padding: Int

    /// The patches of the input, one for each output pixel.
    var patches: PatchGeometry {
        var patches = PatchGeometry(height: input[1], width: input[2], channels: input[3])
        patches.outputHeight = output[1]
        patches.outputWidth = output[2]
        patches.step = stride
        patches.top = -padding
        patches.left = -padding
        patches.rowTaps = weight[1]
        patches.columnTaps = weight[2]
        return patches
    }

    private var depth: Int { weight[1] * weight[2] * weight[3] }
    private var run: Int { weight[2] * weight[3] }

    /// Whether minimal filtering computes all three products; the only place that decides.
    var isWinograd: Bool {
        stride == 1 && padding <= 2
            && WinogradConvolution.pays(input: input, weight: weight, output: output)
    }

    /// Whether phases and minimal filtering compute the output; the only place that decides.
    ///
    /// - Parameter life: How many calls a packed weight serves.
    /// - Returns: Whether they take less time than patches.
    func isPolyphase(_ life: ConvolutionProduct.WeightLife) -> Bool {
        stride == 2 && padding <= 2
            && PolyphaseConvolution.pays(
                input: input, weight: weight, output: output, life: life)
    }

    // MARK: - Gradient of the weight

    /// `dw[o, u, v, c]`: the sum over output pixels of `dy` times the patch.
    func weightGradient(_ dy: Tensor, x: Tensor) -> Tensor {
        if isWinograd { return winogradWeightGradient(dy, x: x) }
        let reduction = MatrixReduction(
            rows: output.rows, height: weight[0], width: depth, unit: run)
        return Tensor(shape: weight) { dw in
            dy.withElements { dy in
                x.withElements { x in
                    let operand = MatrixRows.patches(x, patches)
                    let scratch = Storage(count: reduction.scratchCount(operand))
                    reduction(dy, operand, into: dw, scratch: scratch.pointer)
                }
            }
        }
    }

    private func winogradWeightGradient(_ dy: Tensor, x: Tensor) -> Tensor {
        let reduction = WinogradReduction(input: input, output: output, padding: padding)
        let scratch = Storage(count: reduction.scratchCount)
        return Tensor(shape: weight) { dw in
            dy.withElements { dy in
                x.withElements { x in reduction(dy, x, into: dw, scratch: scratch.pointer) }
            }
        }
    }

    // MARK: - Gradient of the input

    /// `dx`, as one convolution of `dy` with stride 1 for each phase of the stride.
    ///
    /// Input row `q stride + p` meets kernel row `u` in output row `q + (p + padding - u) / stride`
    /// where that divides; columns likewise.
    func inputGradient(_ dy: Tensor, weight: Tensor) -> Tensor {
        Tensor(shape: input) { dx in
            if isWinograd {
                winogradInputGradient(dy, weight: weight, into: dx)
                return
            }
            for row in 0..<min(stride, input[1]) {
                for column in 0..<min(stride, input[2]) {
                    ConvolutionPhase(self, row: row, column: column).add(dy, weight, into: dx)
                }
            }
        }
    }
}

extension ConvolutionGeometry {
    /// `dx`: `dy` convolved with the weight turned around.
    private func winogradInputGradient(
        _ dy: Tensor, weight: Tensor, into dx: UnsafeMutablePointer<Float>
    ) {
        let turned = WinogradConvolution(input: output, output: input, padding: 2 - padding)
        let packed = Storage(count: turned.weightScratchCount)
        let transformed = Storage(count: turned.weightCount)
        let scratch = Storage(count: turned.scratchCount)
        weight.withElements {
            ConvolutionPhase(self, row: 0, column: 0).pack(
                $0, turned.packedLayout, into: packed.pointer)
        }
        turned.transformWeight(packed.pointer, into: transformed.pointer)
        dy.withElements {
            turned(
                $0, weight: transformed.pointer, epilogue: MatrixEpilogue(), into: dx,
                scratch: scratch.pointer)
        }
    }
}

extension MatrixRun {
    /// Floats of working memory for patches.
    var patchScratchCount: Int {
        let nothing = PatchGeometry(height: 0, width: 0, channels: 0)
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: 1) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return scratchCount(.patches(base, nothing))
        }
    }
}
