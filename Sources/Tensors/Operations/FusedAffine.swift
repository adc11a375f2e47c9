import KernelInterface

/// An operation that only plans compute, made by rewriting a graph: nobody asks its gradient.
protocol InferenceOperation: Operation {}

extension InferenceOperation {
    /// Traps: a plan is not differentiated.
    func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        preconditionFailure("\(name) of a plan has no gradient")
    }
}

/// One constant scale and shift for each channel: `y = x s + t`, `x [..., C]`.
///
/// What a BatchNorm with given statistics becomes in a plan.
struct ChannelAffine: InferenceOperation {
    let name = "ChannelAffine"
    /// `s [C]`.
    let scale: Tensor
    /// `t [C]`.
    let shift: Tensor

    func outputShape(_ inputs: [Shape]) -> Shape { inputs[0] }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let extent = x.shapes[0].extent
        let (scale, shift) = (scale.storage.pointer, shift.storage.pointer)
        Elements.forEachRowBlock(extent) { rows in
            let start = rows.lowerBound * extent.channels
            kernels.channel.affine(
                x[0] + start, scale, shift, y + start,
                RowExtent(rows: rows.count, channels: extent.channels))
        }
    }
}
