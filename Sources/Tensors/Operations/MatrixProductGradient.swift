import KernelInterface

/// The gradients of a linear map of `gelu(x)` or of `x` itself.
///
/// `dx = dy W`, `dW = dyᵀ x`, `db = sum of dy over all rows`; behind GELU `dW = dyᵀ gelu(x)` and
/// `dx = (dy W) gelu'(x)`. Where the weight is small against the rows, each chunk of rows gives all
/// of them while it lies in the second-level cache; otherwise they are computed one by one.
struct MatrixProductGradient {
    /// What the linear map was applied to.
    enum Operand {
        /// The input.
        case plain
        /// GELU of the input.
        case activated
    }

    /// What was asked for.
    struct Result {
        var input: Tensor?
        var weight: Tensor?
        var bias: Tensor?
    }

    private let x: Tensor
    private let weight: Tensor
    private let operand: Operand
    private let rows: Int
    private let inputs: Int
    private let outputs: Int

    /// Keeps what the gradients need.
    ///
    /// - Parameters:
    ///   - x: `[..., K]`.
    ///   - weight: `O * K` elements, read as `[O, K]`.
    ///   - operand: What the weight was multiplied with.
    init(_ x: Tensor, weight: Tensor, operand: Operand) {
        self.x = x
        self.weight = weight
        self.operand = operand
        rows = x.shape.rows
        inputs = x.shape.channels
        outputs = inputs > 0 ? weight.count / inputs : weight.shape[0]
    }

    /// Computes the gradients.
    ///
    /// - Parameters:
    ///   - dy: `[..., O]`.
    ///   - needs: Whether the gradients of input, weight and bias are needed; the bias may be absent.
    /// - Returns: As many gradients.
    func callAsFunction(_ dy: Tensor, needs: [Bool]) -> [Tensor?] {
        let needsBias = needs.count > 2 && needs[2]
        let walk = GradientWalk(rows: rows, inputs: inputs, outputs: outputs)
        let result =
            walk.pays && needs[0] && needs[1]
            ? inOneWalk(dy, walk, needsBias: needsBias) : oneByOne(dy, needs, needsBias: needsBias)
        return Array([result.input, result.weight, result.bias].prefix(needs.count))
    }

    // MARK: - One by one

    private func oneByOne(_ dy: Tensor, _ needs: [Bool], needsBias: Bool) -> Result {
        var result = Result()
        if needs[0] { result.input = inputGradient(dy) }
        if needsBias { result.bias = ColumnSums.of(dy, rows: rows, columns: outputs) }
        switch operand {
        case .plain:
            if needs[1] { result.weight = weightGradient(dy, x) }
        case .activated:
            let activated = Tensor(shape: x.shape) { activate(result.input, into: $0) }
            if needs[1] { result.weight = weightGradient(dy, activated) }
        }
        return result
    }

    /// Writes GELU of the input, and multiplies the gradient, if there is one, by its slope.
    private func activate(_ gradient: Tensor?, into y: UnsafeMutablePointer<Float>) {
        x.withElements { x in
            forEachBlock(self.x.count) { block in
                let start = block.lowerBound
                if let gradient {
                    let dx = gradient.storage.pointer + start
                    kernels.activation.geluAndPullback(dx, x + start, y + start, block.count)
                } else {
                    kernels.activation.gelu(x + start, y + start, block.count)
                }
            }
        }
    }

    /// Rows up to which a copy of the weight as panels costs more than it saves.
    private static let fewRows = 256

    /// `dy W`.
    private func inputGradient(_ dy: Tensor) -> Tensor {
        let layout = MatrixLayout(depth: outputs, columns: inputs)
        var run = MatrixRun(layout: layout, rows: rows)
        run.isInPlace = rows <= Self.fewRows
        let panels = Storage(count: run.isInPlace ? 0 : layout.count)
        return Tensor(shape: x.shape) { dx in
            weight.withElements { weight in
                if !run.isInPlace { layout.pack(weight, into: panels.pointer) }
                let right = run.isInPlace ? weight : UnsafePointer(panels.pointer)
                dy.withElements { dy in
                    run(
                        .matrix(dy, stride: outputs), right, epilogue: MatrixEpilogue(),
                        into: dx, scratch: panels.pointer)
                }
            }
        }
    }

    /// `dyᵀ x`.
    private func weightGradient(_ dy: Tensor, _ x: Tensor) -> Tensor {
        let reduction = MatrixReduction(rows: rows, height: outputs, width: inputs)
        return Tensor(shape: weight.shape) { dw in
            dy.withElements { dy in
                x.withElements { x in
                    let operand = MatrixRows.matrix(x, stride: inputs)
                    let scratch = Storage(count: reduction.scratchCount(operand))
                    reduction(dy, operand, into: dw, scratch: scratch.pointer)
                }
            }
        }
    }

    // MARK: - In one walk

    private func inOneWalk(_ dy: Tensor, _ walk: GradientWalk, needsBias: Bool) -> Result {
        let panels = Storage(count: walk.layout.count)
        weight.withElements { walk.layout.pack($0, into: panels.pointer) }
        let sums = Storage(count: walk.runs * weight.count)
        let totals = Storage(count: walk.chunks * outputs)
        let dx = Tensor(shape: x.shape) { dx in
            x.withElements { x in
                dy.withElements { dy in
                    walk(
                        GradientWalk.Operands(
                            x: x, dy: dy, panels: panels.pointer, dx: dx, sums: sums.pointer,
                            totals: totals.pointer),
                        operand)
                }
            }
        }
        let dw = Tensor(shape: weight.shape) {
            MatrixReduction.addRuns(sums.pointer, walk.runs, into: $0, size: weight.count)
        }
        guard needsBias else { return Result(input: dx, weight: dw) }
        let db = Tensor(shape: [outputs]) {
            kernels.matrix.addRows(totals.pointer, $0, walk.chunks, outputs, outputs)
        }
        return Result(input: dx, weight: dw, bias: db)
    }
}
