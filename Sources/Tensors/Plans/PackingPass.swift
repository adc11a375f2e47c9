/// Packs constant weights once, in the form that the chosen kernels read.
///
/// Products that share a weight, such as a head's convolutions of all levels, share its panels.
struct PackingPass: GraphPass {
    /// Weights that were packed before, by the block of their elements.
    private struct Packed {
        var matrices: [ObjectIdentifier: PackedMatrix] = [:]
        var convolutions: [ObjectIdentifier: [PackedConvolution]] = [:]
        /// One block for all matrices, in the order in which they are read.
        let room: Storage
        private var used = 0

        init(_ products: [ConstantProduct]) {
            var counts: [ObjectIdentifier: Int] = [:]
            for product in products where product.operation is MatrixProduct {
                counts[product.key] = Self.room(PackedMatrix.layout(product.weight))
            }
            room = Storage(count: counts.values.reduce(0, +))
        }

        /// Floats of a matrix, in whole pairs of cache lines.
        private static func room(_ layout: MatrixLayout) -> Int { (layout.count + 31) / 32 * 32 }

        /// The packed weight of a matrix product.
        mutating func matrix(_ product: ConstantProduct) -> PackedMatrix {
            if let known = matrices[product.key] { return known }
            let layout = PackedMatrix.layout(product.weight)
            let matrix = PackedMatrix(product.weight, layout, in: room, at: used)
            used += Self.room(layout)
            matrices[product.key] = matrix
            return matrix
        }
    }

    func rewrite(_ editor: GraphEditor) {
        let products = editor.nodes.indices.compactMap { ConstantProduct($0, in: editor) }
        var packed = Packed(products)
        for product in products {
            let operation = pack(product, editor, &packed)
            editor.replace(product.index, by: operation, inputs: [product.input])
        }
    }

    private func pack(
        _ product: ConstantProduct, _ editor: GraphEditor, _ packed: inout Packed
    ) -> any Operation {
        let input = editor.shape(product.input)
        let output = editor.shape(product.output)
        switch product.operation {
        case let convolution as Convolution:
            let known = packed.convolutions[product.key, default: []]
            let weights = PackedConvolution(
                product.weight, input: input, operation: convolution, sharing: known)
            packed.convolutions[product.key] = known + [weights]
            return FusedProduct(.convolution(weights), bias: product.bias, output: output)
        case let depthwise as DepthwiseConvolution:
            return FusedDepthwise(
                depthwise, input: input, weight: product.weight, bias: product.bias)
        default:
            return FusedProduct(
                .matrix(packed.matrix(product), rows: output.rows), bias: product.bias,
                output: output)
        }
    }
}

extension ConstantProduct {
    /// The block of the weight's elements.
    fileprivate var key: ObjectIdentifier { ObjectIdentifier(weight.storage) }
}
