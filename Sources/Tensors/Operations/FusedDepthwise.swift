import KernelInterface

/// A depth-wise convolution with constant weights and an activation of its output.
///
/// `y = f(b + sum over taps of w x)`; the activation runs over each block while it is in the
/// cache. Input `x [N, H, W, C]`, or a map of more channels of which some are read.
struct FusedDepthwise: InferenceOperation {
    /// The shape of the output.
    let output: Shape
    /// The activation of the sums.
    var activation = MatrixEpilogue.Activation.none
    /// The sizes.
    private(set) var geometry: DepthwiseGeometry
    /// `[kh, kw, C]`.
    let weight: Tensor
    /// `[C]`, or nil.
    let bias: Tensor?
    private var plan: DepthwisePlan
    /// The first channel of the input that is read.
    private var firstChannel = 0

    /// Makes a convolution that nothing follows.
    ///
    /// - Parameters:
    ///   - operation: Stride, padding and dilation.
    ///   - input: `[N, H, W, C]`.
    ///   - weight: `[kh, kw, C]`.
    ///   - bias: `[C]`, or nil.
    init(_ operation: DepthwiseConvolution, input: Shape, weight: Tensor, bias: Tensor?) {
        let shapes = [input, weight.shape]
        output = operation.outputShape(shapes)
        geometry = operation.geometry(shapes)
        plan = DepthwisePlan(geometry, samples: input[0])
        self.weight = weight
        self.bias = bias
    }

    /// The same convolution of a part of the channels of a map, read in place.
    ///
    /// - Parameters:
    ///   - range: The channels, as many as those of the convolution.
    ///   - channels: Channels of the map.
    /// - Returns: The convolution; nil where its kernel copies the source anyway.
    func reading(_ range: Range<Int>, of channels: Int) -> FusedDepthwise? {
        var part = self
        part.geometry.sourceGap = channels - range.count
        part.firstChannel = range.lowerBound
        part.plan = DepthwisePlan(part.geometry, samples: output[0])
        return kernels.depthwise.isDirect(part.geometry) ? part : nil
    }

    var name: String {
        "DepthwiseConvolution" + (activation == .none ? "" : "+\(activation)")
    }

    func algorithm(_ inputs: [Shape]) -> String? { plan.algorithm }

    func outputShape(_ inputs: [Shape]) -> Shape { output }

    func scratchCount(_ inputs: [Shape]) -> Int { plan.scratchCount }

    func multiplyAdds(_ inputs: [Shape]) -> Int {
        output.count * geometry.kernel.height * geometry.kernel.width
    }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let operands = DepthwiseOperands(
            x: x[0] + firstChannel, weight: weight.storage.pointer,
            bias: bias.map { UnsafePointer($0.storage.pointer) }, y: y)
        guard activation != .none else {
            plan.convolve(operands, with: kernels.depthwise.convolve, scratch: scratch)
            return
        }
        let (function, rows) = (activation, rowsAtOnce)
        plan.convolve(
            operands,
            with: { operands, geometry, block, scratch in
                var part = block
                let end = block.firstRow + block.rowCount
                while part.firstRow < end {
                    part.rowCount = min(rows, end - part.firstRow)
                    kernels.depthwise.convolve(operands, geometry, part, scratch)
                    Self.finish(operands.y, geometry, part, function)
                    part.firstRow += part.rowCount
                }
            }, scratch: scratch)
    }

    /// Rows of a block that are computed before their activation: without a copy of the source
    /// as few as the cache of first level holds, else all.
    private var rowsAtOnce: Int {
        guard kernels.depthwise.isDirect(geometry) else { return Int.max }
        return max(1, Elements.block / max(1, geometry.destination.width * geometry.channels))
    }

    private static func finish(
        _ y: UnsafeMutablePointer<Float>, _ geometry: DepthwiseGeometry, _ block: DepthwiseBlock,
        _ activation: MatrixEpilogue.Activation
    ) {
        let (width, channels) = (geometry.destination.width, geometry.channels)
        let start = block.firstRow * width * channels + block.firstChannel
        kernels.matrix.finish(
            y + start,
            MatrixPart(
                rows: block.rowCount * width, columns: block.channelCount, stride: channels),
            MatrixEpilogue(activation: activation))
    }
}
