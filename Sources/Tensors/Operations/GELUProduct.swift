import KernelInterface

/// Linear map of the last axis behind GELU, `y = gelu(x) Wᵀ + b`, for training.
///
/// What GELU gives is not kept: the pullback computes it again along with the slope, which costs
/// little more than the slope alone, so that a tape holds one map less. Inputs as `MatrixProduct`.
struct GELUProduct: Operation {
    let name = "GELUProduct"
    private let product = MatrixProduct()

    func outputShape(_ inputs: [Shape]) -> Shape { product.outputShape(inputs) }

    func multiplyAdds(_ inputs: [Shape]) -> Int { product.multiplyAdds(inputs) }

    /// Room for the packed weight, and for the activated rows of all lanes or of the whole map.
    func scratchCount(_ inputs: [Shape]) -> Int {
        let run = MatrixRun(layout: product.layout(inputs), rows: inputs[0].rows)
        let activated = isRowWise(run) ? run.activatedCount : inputs[0].count
        return run.layout.count + activated
    }

    /// Whether each row is read once, and so can be activated where it is read.
    private func isRowWise(_ run: MatrixRun) -> Bool { run.columnPieces == 1 }

    /// Packs the weight and multiplies rows that are activated just before.
    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let run = MatrixRun(layout: product.layout(x.shapes), rows: x.shapes[0].rows)
        let (stride, memory) = (run.layout.depth, scratch + run.layout.count)
        run.layout.packTransposed(x[1], into: scratch)
        var rows = MatrixRows.activated(x[0], stride: stride)
        if !isRowWise(run) {
            Elements.apply(kernels.activation.gelu, x[0], into: memory, count: x.shapes[0].count)
            rows = .matrix(memory, stride: stride)
        }
        run(
            rows, scratch, epilogue: MatrixEpilogue(bias: x.shapes.count > 2 ? x[2] : nil),
            into: y, scratch: memory)
    }

    /// Keeps the input and the weight.
    func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let gradient = MatrixProductGradient(inputs[0], weight: inputs[1], operand: .activated)
        return { dy, needs in gradient(dy, needs: needs) }
    }
}

extension Tensor {
    /// GELU and then a linear map of the last axis.
    ///
    /// For training: what lies between is computed again for the gradients instead of kept. Plans
    /// fuse the two operations better.
    ///
    /// - Parameters:
    ///   - weight: `O * K` elements, read as `[O, K]`.
    ///   - bias: `[O]`, or nil.
    /// - Returns: `[..., O]` for a tensor `[..., K]`.
    public func geluLinear(_ weight: Tensor, bias: Tensor?) -> Tensor {
        GELUProduct().apply(to: [self, weight] + (bias.map { [$0] } ?? []))
    }
}
