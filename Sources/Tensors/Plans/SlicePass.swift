/// Lets depth-wise convolutions read ranges of channels where they lie.
///
/// So the values of an attention, which stand beside queries and keys, need not be copied for the
/// convolution that encodes their positions.
struct SlicePass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index],
                let convolution = node.operation as? FusedDepthwise,
                let maker = editor.maker(of: node.inputs[0]), let source = editor.nodes[maker],
                let slice = source.operation as? ChannelSlice,
                let part = convolution.reading(
                    slice.range, of: editor.shape(source.inputs[0]).channels)
            else { continue }
            editor.replace(index, by: part, inputs: source.inputs)
        }
    }
}
