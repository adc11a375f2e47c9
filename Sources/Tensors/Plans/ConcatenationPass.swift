import KernelInterface

/// Lets a concatenation read ranges of channels where they lie, and compute the ReLU behind it.
struct ConcatenationPass: GraphPass {
    func rewrite(_ editor: GraphEditor) {
        for index in editor.nodes.indices {
            guard let node = editor.nodes[index], node.operation is ChannelConcatenation
            else { continue }
            let parts = node.inputs.map { part($0, read: index, editor) }
            let ranges = parts.map(\.range)
            let inputs = parts.map(\.value)
            editor.replace(
                index, by: FusedConcatenation(ranges: ranges, activation: .none), inputs: inputs)
            guard let next = editor.onlyReader(of: node.output),
                editor.nodes[next]?.operation is ReLU
            else { continue }
            editor.join(
                index, with: next, as: FusedConcatenation(ranges: ranges, activation: .relu),
                inputs: inputs)
            joinAttention(parts, with: next, editor)
        }
    }

    /// Lets attention write its values beside the channels that pass it by.
    private func joinAttention(_ parts: [Part], with index: Int, _ editor: GraphEditor) {
        guard parts.count == 2, editor.onlyReader(of: parts[0].value) == index,
            let maker = editor.maker(of: parts[0].value), let node = editor.nodes[maker],
            let attention = node.operation as? SelfAttention, attention.hasWholeRows,
            node.inputs.count == 1, parts[1].value != parts[0].value,
            parts[0].range == 0..<editor.shape(parts[0].value).channels
        else { return }
        editor.join(
            maker, with: index,
            as: AttentionBeside(attention: attention, range: parts[1].range),
            inputs: [node.inputs[0], parts[1].value])
    }

    /// A tensor, and the channels of it that are read.
    private struct Part {
        let value: Graph.Value
        let range: Range<Int>
    }

    private func part(_ value: Graph.Value, read index: Int, _ editor: GraphEditor) -> Part {
        guard editor.onlyReader(of: value) == index, let maker = editor.maker(of: value),
            let node = editor.nodes[maker], let slice = node.operation as? ChannelSlice
        else { return Part(value: value, range: 0..<editor.shape(value).channels) }
        return Part(value: node.inputs[0], range: slice.range)
    }
}

/// Ranges of channels of tensors of the same rows side by side, and a ReLU where there is one.
struct FusedConcatenation: InferenceOperation {
    /// What follows the copy.
    enum Activation: Sendable {
        /// Nothing.
        case none
        /// `max(y, 0)`.
        case relu
    }

    /// The channels that are read of each input.
    let ranges: [Range<Int>]
    /// What follows the copy.
    let activation: Activation

    var name: String {
        switch activation {
        case .none: "ChannelConcatenation"
        case .relu: "ChannelConcatenation+relu"
        }
    }

    private var channels: Int { ranges.reduce(0) { $0 + $1.count } }

    func outputShape(_ inputs: [Shape]) -> Shape { inputs[0].replacingChannels(with: channels) }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let channels = channels
        var start = 0
        for (index, range) in ranges.enumerated() {
            let source = x[index] + range.lowerBound
            let (target, stride) = (y + start, x.shapes[index].channels)
            let extent = RowExtent(rows: x.shapes[index].rows, channels: range.count)
            switch activation {
            case .none:
                ChannelCopy(
                    source: source, sourceStride: stride, target: target, targetStride: channels
                ).run(extent)
            case .relu:
                Elements.forEachRowBlock(extent) { rows in
                    for row in rows {
                        kernels.elementwise.relu(
                            source + row * stride, target + row * channels, extent.channels)
                    }
                }
            }
            start += range.count
        }
    }
}

/// Attention, channels of another tensor that pass it by, and the ReLU of both.
///
/// `y = max([attention(x), z[range]], 0)`; inputs `x` as of `SelfAttention`, and `z` of the same
/// rows. Each thread copies the rows of its queries, so that there is no pass of its own.
struct AttentionBeside: InferenceOperation {
    let name = "SelfAttention+concatenation+relu"
    /// The attention.
    let attention: SelfAttention
    /// The channels that are read of the second input.
    let range: Range<Int>

    func outputShape(_ inputs: [Shape]) -> Shape {
        let values = attention.outputShape([inputs[0]]).channels
        return inputs[1].replacingChannels(with: values + range.count)
    }

    func scratchCount(_ inputs: [Shape]) -> Int { attention.scratchCount([inputs[0]]) }

    func multiplyAdds(_ inputs: [Shape]) -> Int { attention.multiplyAdds([inputs[0]]) }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let values = attention.valueCount
        let (stride, source) = (values + range.count, x.shapes[1].channels)
        let beside = x[1] + range.lowerBound
        let relu = kernels.elementwise.relu
        attention.forward(x, into: y, stride: stride, scratch: scratch) { rows in
            for row in rows {
                let target = y + row * stride
                relu(target, target, values)
                relu(beside + row * source, target + values, range.count)
            }
        }
    }
}
