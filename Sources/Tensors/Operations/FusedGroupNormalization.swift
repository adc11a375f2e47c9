import KernelInterface

/// GroupNorm followed by ReLU: `y = max(groupNorm(x), 0)`.
///
/// The ReLU runs over each block of rows while it is in the cache. Operands as of
/// `GroupNormalization`.
struct FusedGroupNormalization: InferenceOperation {
    let name = "GroupNorm+relu"
    /// The norm.
    let norm: GroupNormalization

    func outputShape(_ inputs: [Shape]) -> Shape { norm.outputShape(inputs) }

    func scratchCount(_ inputs: [Shape]) -> Int { norm.scratchCount(inputs) }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let rows = SampleRows(x.shapes[0])
        let count = rows.extent.channels
        let affine = norm.factors(of: x, rows, scratch: scratch)
        rows.forEachBlock { sample, _, start, extent in
            let scale = affine + 2 * sample * count
            kernels.channel.affine(x[0] + start, scale, scale + count, y + start, extent)
            kernels.elementwise.relu(y + start, y + start, extent.rows * count)
        }
    }
}
