/// Packs constant weights once, in the form that the chosen kernels read.
///
/// Products that share a weight, such as a head's convolutions of all levels, share its panels.
struct PackingPass: GraphPass {
    /// Weights that were packed before, by the block of their elements.
    private struct Packed {
        var matrices: [ObjectIdentifier: PackedMatrix] = [:]
        var convolutions: [ObjectIdentifier: [PackedConvolution]] = [:]
    }

    func rewrite(_ editor: GraphEditor) {
        var packed = Packed()
        for index in editor.nodes.indices {
            guard let product = ConstantProduct(index, in: editor) else { continue }
            let operation = pack(product, editor, &packed)
            editor.replace(index, by: operation, inputs: [product.input])
        }
    }

    private func pack(
        _ product: ConstantProduct, _ editor: GraphEditor, _ packed: inout Packed
    ) -> any Operation {
        let key = ObjectIdentifier(product.weight.storage)
        let input = editor.shape(product.input)
        let output = editor.shape(product.output)
        switch product.operation {
        case let convolution as Convolution:
            let known = packed.convolutions[key, default: []]
            let weights = PackedConvolution(
                product.weight, input: input, operation: convolution, sharing: known)
            packed.convolutions[key] = known + [weights]
            return FusedProduct(.convolution(weights), bias: product.bias, output: output)
        case let depthwise as DepthwiseConvolution:
            return FusedDepthwise(
                depthwise, input: input, weight: product.weight, bias: product.bias)
        default:
            let weights = packed.matrices[key] ?? PackedMatrix(product.weight)
            packed.matrices[key] = weights
            return FusedProduct(
                .matrix(weights, rows: output.rows), bias: product.bias, output: output)
        }
    }
}
