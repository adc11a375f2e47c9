/// Lets a sum with a mapped shortcut read the shortcut's source: for a product `p`,
/// `p + (x s + t) = (p + t) + x s`, where `t` joins the bias of `p`.
///
/// So the normalised input of an attention with a shortcut of its own need not be written.
struct ShortcutPass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index], node.operation is Add else { continue }
            let (a, b) = (node.inputs[0], node.inputs[1])
            if !rewrite(index, product: a, shortcut: b, editor) {
                _ = rewrite(index, product: b, shortcut: a, editor)
            }
        }
    }

    private func rewrite(
        _ index: Int, product: Graph.Value, shortcut: Graph.Value, _ editor: GraphEditor
    ) -> Bool {
        guard let product = ConstantProduct(editor.maker(of: product), in: editor),
            editor.onlyReader(of: product.output) == index,
            let maker = editor.maker(of: shortcut), let source = editor.nodes[maker],
            let affine = source.operation as? ChannelAffine
        else { return false }
        product.set(product.shifted(by: affine.shift.elements), in: editor)
        editor.replace(
            index, by: ScaledResidual(),
            inputs: [product.output, source.inputs[0], editor.add(constant: affine.scale)])
        return true
    }
}

/// Folds layer scale into the product that it scales.
///
/// `x + s (W b + c) = x + ((s W) b + s c)`, and for a branch with a shortcut of its own
/// `x + s ((W b + c) + q x) = ((s W) b + s c) + (1 + s q) x`.
struct LayerScalePass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index], node.operation is ScaledResidual,
                node.inputs.count == 3, let scale = editor.constant(node.inputs[2]),
                editor.onlyReader(of: node.inputs[1]) == index
            else { continue }
            let (x, branch) = (node.inputs[0], node.inputs[1])
            if let product = ConstantProduct(editor.maker(of: branch), in: editor) {
                product.set(product.scaled(by: scale.elements, shift: nil), in: editor)
                editor.replace(index, by: Add(), inputs: [x, branch])
            } else {
                foldShortcut(index, x, branch, scale.elements, editor)
            }
        }
    }

    private func foldShortcut(
        _ index: Int, _ x: Graph.Value, _ branch: Graph.Value, _ scale: [Float],
        _ editor: GraphEditor
    ) {
        guard let maker = editor.maker(of: branch), let inner = editor.nodes[maker],
            inner.operation is ScaledResidual, inner.inputs.count == 3, inner.inputs[1] == x,
            let factors = editor.constant(inner.inputs[2]),
            let product = ConstantProduct(editor.maker(of: inner.inputs[0]), in: editor),
            editor.onlyReader(of: product.output) == maker
        else { return }
        product.set(product.scaled(by: scale, shift: nil), in: editor)
        let joined = zip(scale, factors.elements).map { 1 + $0 * $1 }
        let constant = editor.add(constant: Tensor(shape: [joined.count], joined))
        editor.join(
            maker, with: index, as: ScaledResidual(), inputs: [product.output, x, constant])
    }
}
