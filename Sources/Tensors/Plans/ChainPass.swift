import KernelInterface

/// Joins two matrix products and the depth-wise convolution between them where what lies between
/// is too large for the caches.
///
/// `ChainCut` decides by the sizes whether it pays.
struct ChainPass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index],
                let middle = onlyReader(of: node.output, editor),
                let end = onlyReader(of: middle.node.output, editor),
                let chain = chain(node, middle.node, end.node, editor)
            else { continue }
            let inputs = [node.inputs[0]] + end.node.inputs.dropFirst()
            editor.join(middle.index, with: end.index, as: chain, inputs: inputs)
            editor.join(index, with: end.index, as: chain, inputs: inputs)
        }
    }

    /// A node and its place.
    private struct Place {
        let index: Int
        let node: Graph.Node
    }

    /// The only node that reads a value, and reads it as its first operand alone.
    private func onlyReader(of value: Graph.Value, _ editor: GraphEditor) -> Place? {
        guard let index = editor.onlyReader(of: value), let node = editor.nodes[index],
            node.inputs[0] == value, !node.inputs.dropFirst().contains(value)
        else { return nil }
        return Place(index: index, node: node)
    }

    private func chain(
        _ start: Graph.Node, _ middle: Graph.Node, _ end: Graph.Node, _ editor: GraphEditor
    ) -> FusedChain? {
        guard let first = ChainProduct(start.operation), first.steps.operandCount == 0,
            let depthwise = middle.operation as? FusedDepthwise,
            let last = ChainProduct(end.operation),
            let cut = ChainCut(first, depthwise, last),
            let local = ChainDepthwise(depthwise, cut: cut)
        else { return nil }
        return FusedChain(
            first: first, local: local, last: last, output: editor.shape(end.output), cut: cut)
    }
}

extension ChainProduct {
    /// Looks at an operation; nil when it is no matrix product.
    fileprivate init?(_ operation: any Operation) {
        guard let product = operation as? FusedProduct,
            case .matrix(let matrix, _) = product.weights, matrix.depth > 0
        else { return nil }
        self.init(matrix: matrix, bias: product.bias, steps: product.steps)
    }
}

extension ChainCut {
    /// Cuts a chain of these layers; nil where the convolution changes the size of the map or the
    /// layers are faster one by one.
    fileprivate init?(_ first: ChainProduct, _ local: FusedDepthwise, _ last: ChainProduct) {
        let geometry = local.geometry
        guard geometry.stride == 1, geometry.source == geometry.destination else { return nil }
        let span = (geometry.kernel.height - 1) * geometry.dilation
        self.init(
            ChainSizes(
                samples: local.output[0], height: geometry.source.height,
                width: geometry.source.width, above: geometry.padding.height,
                below: span - geometry.padding.height, inputs: first.matrix.depth,
                hidden: first.matrix.outputs, outputs: last.matrix.outputs))
    }
}
