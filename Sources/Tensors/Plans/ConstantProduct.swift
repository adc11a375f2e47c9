import KernelInterface

/// A matrix product, convolution or depth-wise convolution whose weights are constants, so that a
/// constant map of its input or output can be folded into them.
struct ConstantProduct {
    /// The node.
    let index: Int
    /// The operation.
    let operation: any Operation
    /// What it is applied to.
    let input: Graph.Value
    /// The value that it makes.
    let output: Graph.Value
    /// The weights: `[O, ...]`, or `[kh, kw, C]` of a depth-wise convolution.
    let weight: Tensor
    /// The bias, `[O]`, or nil.
    let bias: Tensor?

    /// Looks at a node; nil when it is no product or its weights are not constant.
    ///
    /// - Parameters:
    ///   - index: The node, or nil for no node.
    ///   - editor: The graph.
    init?(_ index: Int?, in editor: GraphEditor) {
        guard let index, let node = editor.nodes[index],
            node.operation is MatrixProduct || node.operation is Convolution
                || node.operation is DepthwiseConvolution,
            let weight = editor.constant(node.inputs[1])
        else { return nil }
        if node.inputs.count > 2 {
            guard let bias = editor.constant(node.inputs[2]) else { return nil }
            self.bias = bias
        } else {
            bias = nil
        }
        self.index = index
        self.weight = weight
        operation = node.operation
        input = node.inputs[0]
        output = node.output
    }

    private var isDepthwise: Bool { operation is DepthwiseConvolution }

    /// Channels of the output.
    private var outputs: Int { isDepthwise ? weight.shape.channels : weight.shape[0] }

    /// Whether each channel of the input meets weights of its own, and padding does not.
    var canReadAffine: Bool {
        switch operation {
        case is MatrixProduct: true
        case let convolution as Convolution: convolution.padding == 0
        default: false
        }
    }

    /// The constants of `y = s (W x + b) + t`.
    ///
    /// - Parameters:
    ///   - scale: `s [O]`.
    ///   - shift: `t [O]`, or nil for 0.
    /// - Returns: Weights `s W` and bias `s b + t`.
    func scaled(by scale: [Float], shift: [Float]?) -> Constants {
        let outputs = outputs
        let old = bias?.elements
        let hasBias = old != nil || shift != nil
        let newBias = (0..<(hasBias ? outputs : 0)).map { o in
            (old?[o] ?? 0) * scale[o] + (shift?[o] ?? 0)
        }
        return Constants(
            weight: isDepthwise ? scaledColumns(by: scale) : scaledRows(by: scale),
            bias: hasBias ? Tensor(shape: [outputs], newBias) : nil)
    }

    /// The weight `[O, ...]` with one factor a row.
    private func scaledRows(by scale: [Float]) -> Tensor {
        let row = weight.count / max(1, scale.count)
        return weight.withElements { source in
            Tensor(shape: weight.shape) { target in
                for (o, factor) in scale.enumerated() {
                    kernels.elementwise.scale(source + o * row, factor, target + o * row, row)
                }
            }
        }
    }

    /// The weight `[..., C]` with one factor a column.
    private func scaledColumns(by scale: [Float]) -> Tensor {
        weight.scaled(byChannels: Tensor(shape: [scale.count], scale))
    }

    /// The constants of `y = W (s x + t) + b`.
    ///
    /// - Parameters:
    ///   - scale: `s [I]`.
    ///   - shift: `t [I]`.
    /// - Returns: Weights `W s` and bias `b + W t`.
    func reading(scale: [Float], shift: [Float]) -> Constants {
        let outputs = outputs
        let row = weight.count / max(1, outputs)
        var sums = bias?.elements.map(Double.init) ?? [Double](repeating: 0, count: outputs)
        weight.withElements { weight in
            for o in 0..<outputs {
                for start in stride(from: o * row, to: (o + 1) * row, by: shift.count) {
                    for (channel, t) in shift.enumerated() {
                        sums[o] += Double(weight[start + channel]) * Double(t)
                    }
                }
            }
        }
        return Constants(
            weight: scaledColumns(by: scale),
            bias: Tensor(shape: [outputs], sums.map { Float($0) }))
    }

    /// The constants with a number added to each channel of the output.
    func shifted(by shift: [Float]) -> Constants {
        scaled(by: [Float](repeating: 1, count: outputs), shift: shift)
    }

    /// Weights and bias of a product.
    struct Constants {
        let weight: Tensor
        let bias: Tensor?
    }

    /// Gives the node other constants, and another input if one is named.
    ///
    /// - Parameters:
    ///   - constants: Weights and bias.
    ///   - input: What it reads from now on, or nil for what it reads already.
    ///   - editor: The graph.
    func set(_ constants: Constants, input: Graph.Value? = nil, in editor: GraphEditor) {
        let values = [constants.weight] + (constants.bias.map { [$0] } ?? [])
        editor.replace(
            index, by: operation,
            inputs: [input ?? self.input] + values.map(editor.add(constant:)))
    }
}
