import KernelInterface

/// A matrix product or convolution with packed weights and what follows it, in one pass.
///
/// `y = r q + s (g f(W x + b))` with residual `r`, activation `f`, gate `g` and one constant
/// factor for each channel in `q` and `s`; a ReLU may follow the residual. Inputs: `x`, then the gate and the residual if there
/// are any, both of the output's shape.
struct FusedProduct: InferenceOperation {
    /// The packed weights.
    enum Weights: Sendable {
        /// A linear map of so many rows.
        case matrix(PackedMatrix, rows: Int)
        /// A convolution.
        case convolution(PackedConvolution)
    }

    /// The shape of the output.
    let output: Shape
    /// What follows the sums.
    var steps = EpilogueSteps()
    /// The packed weights.
    let weights: Weights
    /// `[O]`, or nil.
    let bias: Tensor?
    /// Weights of later products that are asked for meanwhile.
    var foresight: WeightForesight?

    /// Makes a product that nothing follows.
    ///
    /// - Parameters:
    ///   - weights: The packed weights.
    ///   - bias: `[O]`, or nil.
    ///   - output: The shape of the output.
    init(_ weights: Weights, bias: Tensor?, output: Shape) {
        self.weights = weights
        self.bias = bias
        self.output = output
    }

    var name: String {
        switch weights {
        case .matrix: "MatrixProduct" + steps.name
        case .convolution: "Convolution" + steps.name
        }
    }

    func algorithm(_ inputs: [Shape]) -> String? {
        if case .convolution(let packed) = weights { return packed.algorithmName }
        return nil
    }

    func outputShape(_ inputs: [Shape]) -> Shape { output }

    func scratchCount(_ inputs: [Shape]) -> Int {
        switch weights {
        case .matrix: 0
        case .convolution(let packed): packed.scratchCount
        }
    }

    func multiplyAdds(_ inputs: [Shape]) -> Int {
        switch weights {
        case .matrix(let packed, let rows): rows * packed.outputs * packed.depth
        case .convolution(let packed): packed.multiplyAdds
        }
    }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let epilogue = steps.epilogue(
            x, bias: bias.map { UnsafePointer($0.storage.pointer) })
        switch weights {
        case .matrix(let packed, let rows):
            packed.run(x[0], rows: rows, into: y, epilogue: epilogue, foresight: foresight)
        case .convolution(let packed):
            packed.run(x[0], into: y, epilogue: epilogue, scratch: scratch)
        }
    }
}

/// What follows the sums of a fused product, in the order in which an epilogue computes it.
struct EpilogueSteps: Sendable {
    /// A residual and the constant factors of its channels.
    enum Residual: Sendable {
        /// There is none.
        case none
        /// As it is.
        case plain
        /// With one factor for each channel, `[C]`.
        case scaled(Tensor)
    }

    /// The activation of the sums.
    private(set) var activation = MatrixEpilogue.Activation.none
    /// Whether the second input multiplies.
    private(set) var isGated = false
    /// One factor for each channel, `[C]`, before the residual.
    private(set) var scale: Tensor?
    /// Whether the last input is added.
    private(set) var residual = Residual.none
    /// Whether a ReLU follows the residual.
    private(set) var isRectified = false

    /// What stands behind the product's name in tables.
    var name: String {
        var name = activation == .none ? "" : "+\(activation)"
        if isGated { name += "+gate" }
        if scale != nil { name += "+scale" }
        if hasResidual { name += "+residual" }
        if isRectified { name += "+relu" }
        return name
    }

    /// Operands that are read beside the product's input.
    var operandCount: Int { (isGated ? 1 : 0) + (hasResidual ? 1 : 0) }

    private var hasResidual: Bool {
        if case .none = residual { return false }
        return true
    }

    /// The steps with an activation behind them, or nil when something stands in its way.
    func activated(_ function: MatrixEpilogue.Activation) -> EpilogueSteps? {
        var steps = self
        if hasResidual, function == .relu, !isRectified {
            steps.isRectified = true
            return steps
        }
        guard activation == .none, !isGated, scale == nil, !hasResidual else { return nil }
        steps.activation = function
        return steps
    }

    /// The steps with a gate behind them, or nil when something stands in its way.
    func gated() -> EpilogueSteps? {
        guard !isGated, scale == nil, !hasResidual else { return nil }
        var steps = self
        steps.isGated = true
        return steps
    }

    /// The steps with one factor a channel behind them, or nil when something stands in its way.
    func scaled(by factors: Tensor) -> EpilogueSteps? {
        guard scale == nil, !hasResidual else { return nil }
        var steps = self
        steps.scale = factors
        return steps
    }

    /// The steps with a residual behind them, or nil when there is one already.
    func adding(_ residual: Residual) -> EpilogueSteps? {
        guard !hasResidual else { return nil }
        var steps = self
        steps.residual = residual
        return steps
    }

    /// The epilogue of one call.
    ///
    /// - Parameters:
    ///   - x: The product's input, then gate and residual.
    ///   - bias: One number for each channel.
    /// - Returns: The epilogue, valid while the operands are.
    func epilogue(_ x: Operands, bias: UnsafePointer<Float>?) -> MatrixEpilogue {
        var epilogue = MatrixEpilogue(bias: bias, activation: activation)
        if isGated { epilogue.gate = x[1] }
        if let scale { epilogue.scale = UnsafePointer(scale.storage.pointer) }
        epilogue.isRectified = isRectified
        switch residual {
        case .none: break
        case .plain: epilogue.residual = x[isGated ? 2 : 1]
        case .scaled(let factors):
            epilogue.residual = x[isGated ? 2 : 1]
            epilogue.residualScale = UnsafePointer(factors.storage.pointer)
        }
        return epilogue
    }
}
