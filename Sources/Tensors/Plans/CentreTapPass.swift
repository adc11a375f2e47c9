import KernelInterface

/// Folds the shortcut around a depth-wise convolution into its centre tap.
///
/// `x + (w * x + b) = (w + e) * x + b` where `e` is 1 at the centre and 0 elsewhere; exact where
/// the centre stands on the pixel itself.
struct CentreTapPass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index], node.operation is Add else { continue }
            let (a, b) = (node.inputs[0], node.inputs[1])
            if !fold(index, product: a, shortcut: b, editor) {
                _ = fold(index, product: b, shortcut: a, editor)
            }
        }
    }

    private func fold(
        _ index: Int, product: Graph.Value, shortcut: Graph.Value, _ editor: GraphEditor
    ) -> Bool {
        guard let product = ConstantProduct(editor.maker(of: product), in: editor),
            let convolution = product.operation as? DepthwiseConvolution,
            product.input == shortcut, editor.onlyReader(of: product.output) == index,
            let centre = convolution.centreTap(of: product.weight.shape)
        else { return false }
        var elements = product.weight.elements
        let channels = product.weight.shape.channels
        for channel in 0..<channels { elements[centre * channels + channel] += 1 }
        let weight = Tensor(shape: product.weight.shape, elements)
        product.set(ConstantProduct.Constants(weight: weight, bias: product.bias), in: editor)
        guard let folded = editor.nodes[product.index] else { return false }
        editor.join(product.index, with: index, as: folded.operation, inputs: folded.inputs)
        return true
    }
}

extension DepthwiseConvolution {
    /// Number of the tap that stands on the output's own pixel, or nil where none does.
    fileprivate func centreTap(of weight: Shape) -> Int? {
        let (height, width) = (weight[0], weight[1])
        guard stride == 1, height % 2 == 1, width % 2 == 1,
            padding.height == dilation * (height / 2), padding.width == dilation * (width / 2)
        else { return nil }
        return height / 2 * width + width / 2
    }
}
