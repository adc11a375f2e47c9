import KernelInterface

/// Linear map of the last axis, `y = x Wᵀ + b`.
///
/// Inputs: `x [..., K]`, `W` with `O * K` elements read as `[O, K]`, and optionally `b [O]`;
/// output `[..., O]`. `dx = dy W`, `dW = dyᵀ x`, `db = sum of dy over all rows`. Also the 1x1
/// convolution of channels-last features.
public struct MatrixProduct: Operation {
    /// The name in layer tables.
    public let name = "MatrixProduct"

    /// Makes the operation.
    public init() {}

    /// Where the panels of the weight lie.
    func layout(_ inputs: [Shape]) -> MatrixLayout {
        let depth = inputs[0].channels
        return MatrixLayout(depth: depth, columns: outputs(inputs[1], depth: depth))
    }

    /// Rows of the weight: its first extent.
    private func outputs(_ weight: Shape, depth: Int) -> Int {
        depth > 0 ? weight.count / depth : weight[0]
    }

    /// The input's shape with the weight's rows as last extent.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let depth = inputs[0].channels
        let columns = outputs(inputs[1], depth: depth)
        precondition(
            columns * depth == inputs[1].count,
            "a weight \(inputs[1]) cannot map the last axis of \(inputs[0])")
        precondition(
            inputs.count < 3 || inputs[2].count == columns,
            "a bias \(inputs.last ?? []) does not fit \(columns) outputs")
        return inputs[0].replacingChannels(with: columns)
    }

    /// Room for the packed weight, or for the panels of all lanes.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        let layout = layout(inputs)
        return FewRowsProduct(layout, rows: inputs[0].rows)?.scratchCount ?? layout.count
    }

    /// Rows times both extents of the weight.
    public func multiplyAdds(_ inputs: [Shape]) -> Int { inputs[0].rows * inputs[1].count }

    /// Packs the weight and computes `x Wᵀ + b`.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let layout = layout(x.shapes)
        let bias = x.shapes.count > 2 ? x[2] : nil
        if let product = FewRowsProduct(layout, rows: x.shapes[0].rows) {
            product(x[0], x[1], bias: bias, into: y, scratch: scratch)
            return
        }
        layout.packTransposed(x[1], into: scratch)
        MatrixRun(layout: layout, rows: x.shapes[0].rows)(
            .matrix(x[0], stride: layout.depth), scratch,
            epilogue: MatrixEpilogue(bias: bias), into: y,
            scratch: scratch + layout.count)
    }

    /// Keeps the input and the weight.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let gradient = MatrixProductGradient(inputs[0], weight: inputs[1], operand: .plain)
        return { dy, needs in gradient(dy, needs: needs) }
    }
}

extension Tensor {
    /// Linear map of the last axis, `y = x Wᵀ + b`.
    ///
    /// - Parameters:
    ///   - weight: `O * K` elements, read as `[O, K]`.
    ///   - bias: `[O]`, or nil.
    /// - Returns: `[..., O]` for a tensor `[..., K]`.
    public func linear(_ weight: Tensor, bias: Tensor?) -> Tensor {
        MatrixProduct().apply(to: [self, weight] + (bias.map { [$0] } ?? []))
    }
}
