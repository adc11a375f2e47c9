import KernelInterface

/// Lets products and convolutions compute what follows them, while their result is in the cache:
/// activation, gate, factors of channels, residual and a last ReLU, in this order.
///
/// Only a reader that has the value for itself is joined; of several the value must be written.
struct EpiloguePass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index] else { continue }
            switch node.operation {
            case let product as FusedProduct: extend(product, at: index, editor)
            case let depthwise as FusedDepthwise: extend(depthwise, at: index, editor)
            case let norm as GroupNormalization: extend(norm, at: index, editor)
            case let attention as RoutedAttention: extend(attention, at: index, editor)
            default: break
            }
        }
    }

    /// A longer epilogue, and the operand that it reads beside.
    private struct Extension {
        let steps: EpilogueSteps?
        var operand: Graph.Value?
    }

    /// Joins readers one after another; the joined node stands where the last reader stood.
    private func extend(_ product: FusedProduct, at index: Int, _ editor: GraphEditor) {
        guard let node = editor.nodes[index],
            let next = editor.onlyReader(of: node.output), let reader = editor.nodes[next],
            let longer = extended(product.steps, by: reader, of: node.output, editor),
            let steps = longer.steps
        else { return }
        var joined = product
        joined.steps = steps
        let operands = longer.operand.map { [$0] } ?? []
        editor.join(index, with: next, as: joined, inputs: node.inputs + operands)
        extend(joined, at: next, editor)
    }

    private func extended(
        _ steps: EpilogueSteps, by reader: Graph.Node, of value: Graph.Value,
        _ editor: GraphEditor
    ) -> Extension? {
        if let function = activation(reader.operation) {
            return Extension(steps: steps.activated(function))
        }
        if let affine = reader.operation as? ChannelAffine {
            let isScale = affine.shift.elements.allSatisfy { $0 == 0 }
            return isScale ? Extension(steps: steps.scaled(by: affine.scale)) : nil
        }
        guard reader.inputs.count >= 2, reader.inputs[0] != reader.inputs[1],
            editor.shape(reader.inputs[0]) == editor.shape(reader.inputs[1])
        else { return nil }
        let isFirst = reader.inputs[0] == value
        let other = reader.inputs[isFirst ? 1 : 0]
        switch reader.operation {
        case is Multiply: return Extension(steps: steps.gated(), operand: other)
        case is Add: return Extension(steps: steps.adding(.plain), operand: other)
        case is ScaledResidual where reader.inputs.count == 3:
            guard let factors = editor.constant(reader.inputs[2]) else { return nil }
            let longer =
                isFirst
                ? steps.adding(.scaled(factors)) : steps.scaled(by: factors)?.adding(.plain)
            return Extension(steps: longer, operand: other)
        default: return nil
        }
    }

    private func extend(_ depthwise: FusedDepthwise, at index: Int, _ editor: GraphEditor) {
        guard depthwise.activation == .none, let node = editor.nodes[index],
            let next = editor.onlyReader(of: node.output), let reader = editor.nodes[next],
            let function = activation(reader.operation)
        else { return }
        var joined = depthwise
        joined.activation = function
        editor.join(index, with: next, as: joined, inputs: node.inputs)
    }

    private func extend(_ attention: RoutedAttention, at index: Int, _ editor: GraphEditor) {
        guard attention.isBySquares, let node = editor.nodes[index],
            let next = editor.onlyReader(of: node.output), let reader = editor.nodes[next],
            reader.operation is Add, reader.inputs[0] != reader.inputs[1],
            editor.shape(reader.inputs[0]) == editor.shape(reader.inputs[1])
        else { return }
        let other = reader.inputs[reader.inputs[0] == node.output ? 1 : 0]
        editor.join(
            index, with: next,
            as: FusedRoutedAttention(attention: attention, shapes: node.inputs.map(editor.shape)),
            inputs: node.inputs + [other])
    }

    private func extend(_ norm: GroupNormalization, at index: Int, _ editor: GraphEditor) {
        guard let node = editor.nodes[index], let next = editor.onlyReader(of: node.output),
            editor.nodes[next]?.operation is ReLU
        else { return }
        editor.join(
            index, with: next, as: FusedGroupNormalization(norm: norm), inputs: node.inputs)
    }

    /// The function of an operation on single elements, as epilogues have it.
    private func activation(_ operation: any Operation) -> MatrixEpilogue.Activation? {
        switch operation {
        case is ReLU: .relu
        case is GELU: .gelu
        case is SiLU: .silu
        case is Sigmoid: .sigmoid
        default: nil
        }
    }
}
