/// An operation whose output is its first input times the only element of its second one.
///
/// A plan folds it into the weights before it.
public protocol ScalarProduct: Operation {}

/// Writes every constant map of channels as one `ChannelAffine`, `y = x s + t`.
///
/// BatchNorm with given statistics: `s = w / sqrt(variance + epsilon)`, `t = b - mean s`; products
/// with a constant number or one constant a channel: `t = 0`.
struct AffinePass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index], let affine = affine(of: node, editor) else {
                continue
            }
            editor.replace(index, by: affine, inputs: [node.inputs[0]])
        }
    }

    private func affine(of node: Graph.Node, _ editor: GraphEditor) -> ChannelAffine? {
        let constants = node.inputs.dropFirst().compactMap(editor.constant)
        guard constants.count == node.inputs.count - 1 else { return nil }
        let channels = editor.shape(node.output).channels
        switch node.operation {
        case let norm as BatchNormInference:
            return batchNorm(constants.map(\.elements), epsilon: norm.epsilon)
        case let scale as Scale: return scaling(channels, by: scale.factor)
        case is any ScalarProduct: return scaling(channels, by: constants[0].scalar)
        case is ChannelScale:
            let zero = Tensor(shape: [channels], repeating: 0)
            return ChannelAffine(scale: constants[0], shift: zero)
        default: return nil
        }
    }

    private func batchNorm(_ constants: [[Float]], epsilon: Float) -> ChannelAffine {
        let (weight, bias, mean, variance) = (
            constants[0], constants[1], constants[2], constants[3]
        )
        let scale = weight.indices.map { c in
            Float(Double(weight[c]) / (Double(variance[c]) + Double(epsilon)).squareRoot())
        }
        let shift = weight.indices.map { c in
            Float(Double(bias[c]) - Double(mean[c]) * Double(scale[c]))
        }
        return ChannelAffine(
            scale: Tensor(shape: [scale.count], scale), shift: Tensor(shape: [shift.count], shift))
    }

    private func scaling(_ channels: Int, by factor: Float) -> ChannelAffine {
        ChannelAffine(
            scale: Tensor(shape: [channels], repeating: factor),
            shift: Tensor(shape: [channels], repeating: 0))
    }
}

/// Folds a map of channels into the product before it: `s (W x + b) + t = (s W) x + (s b + t)`.
struct ProducerFoldingPass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index], let affine = node.operation as? ChannelAffine,
                let product = ConstantProduct(editor.maker(of: node.inputs[0]), in: editor),
                editor.onlyReader(of: product.output) == index
            else { continue }
            let constants = product.scaled(
                by: affine.scale.elements, shift: affine.shift.elements)
            product.set(constants, in: editor)
            guard let folded = editor.nodes[product.index] else { continue }
            editor.join(product.index, with: index, as: folded.operation, inputs: folded.inputs)
        }
    }
}

/// Folds a map of channels into the products that read it: `W (s x + t) + b = (W s) x + (W t + b)`.
///
/// Exact only where no padding is read: linear maps, 1x1 and unpadded convolutions.
struct ReaderFoldingPass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index], let affine = node.operation as? ChannelAffine
            else { continue }
            for reader in editor.allReaders(of: node.output) {
                guard let product = ConstantProduct(reader, in: editor), product.canReadAffine,
                    product.input == node.output
                else { continue }
                let constants = product.reading(
                    scale: affine.scale.elements, shift: affine.shift.elements)
                product.set(constants, input: node.inputs[0], in: editor)
            }
        }
    }
}
