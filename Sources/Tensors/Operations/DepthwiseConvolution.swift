import KernelInterface
import Parallelism

/// Depth-wise convolution: each channel by its own kernel.
///
/// `y[n, i, j, c] = b[c] + sum over u, v of w[u, v, c] x[n, i s - p + u d, j s - q + v d, c]`.
/// Operands: `x [N, H, W, C]`, `w [kh, kw, C]`, optionally `b [C]`.
public struct DepthwiseConvolution: Operation {
    /// The name in layer tables.
    public let name = "DepthwiseConvolution"
    /// Step of the window.
    public let stride: Int
    /// Rows and columns of zeros on each side.
    public let padding: MapExtent
    /// Distance of neighbouring taps.
    public let dilation: Int

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - stride: Step of the window, at least 1.
    ///   - padding: Rows and columns of zeros on each side.
    ///   - dilation: Distance of neighbouring taps, at least 1.
    public init(stride: Int = 1, padding: MapExtent, dilation: Int = 1) {
        precondition(stride >= 1 && dilation >= 1, "stride \(stride), dilation \(dilation)")
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
    }

    /// `[N, H', W', C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let (x, w) = (inputs[0], inputs[1])
        precondition(
            x.rank == 4 && w.rank == 3 && x[3] == w[2], "depth-wise convolution of \(x) by \(w)")
        precondition(inputs.count < 3 || inputs[2].count == x[3], "bias \(inputs[2]) for \(x)")
        return [x[0], extent(x[1], w[0], padding.height), extent(x[2], w[1], padding.width), x[3]]
    }

    private func extent(_ size: Int, _ taps: Int, _ padding: Int) -> Int {
        let room = size + 2 * padding - dilation * (taps - 1) - 1
        return room < 0 ? 0 : room / stride + 1
    }

    /// One multiply-add a tap and output.
    public func multiplyAdds(_ inputs: [Shape]) -> Int {
        outputShape(inputs).count * inputs[1][0] * inputs[1][1]
    }

    /// In place, or by planes of a block of channels.
    public func algorithm(_ inputs: [Shape]) -> String? {
        DepthwisePlan(geometry(inputs), samples: inputs[0][0]).algorithm
    }

    /// A plane of one channel block for each thread.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        DepthwisePlan(geometry(inputs), samples: inputs[0][0]).scratchCount
    }

    /// Computes the output by blocks of rows and channels.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let plan = DepthwisePlan(geometry(x.shapes), samples: x.shapes[0][0])
        plan.convolve(
            DepthwiseOperands(
                x: x[0], weight: x[1], bias: x.shapes.count > 2 ? x[2] : nil, y: y),
            with: kernels.depthwise.convolve, scratch: scratch)
    }

    /// Keeps the input and the weights.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, w) = (inputs[0], inputs[1])
        let geometry = geometry(inputs.map(\.shape))
        let hasBias = inputs.count > 2
        return { dy, needs in
            guard needs.dropFirst().contains(true) else {
                let dx = needs[0] ? Self.inputGradient(dy, w, x.shape, geometry) : nil
                return [dx, nil] + (hasBias ? [nil] : [])
            }
            let (dx, sums) = Self.gradients(dy, x, needs[0] ? w : nil, geometry)
            let (dw, db) = Self.parts(sums, geometry)
            return [dx, dw] + (hasBias ? [db] : [])
        }
    }

    /// The sizes of a convolution.
    ///
    /// - Parameter inputs: Shapes of map and weights.
    /// - Returns: The sizes.
    func geometry(_ inputs: [Shape]) -> DepthwiseGeometry {
        let (x, w, y) = (inputs[0], inputs[1], outputShape(inputs))
        var geometry = DepthwiseGeometry(
            source: MapExtent(height: x[1], width: x[2]),
            destination: MapExtent(height: y[1], width: y[2]),
            kernel: MapExtent(height: w[0], width: w[1]), channels: x[3])
        geometry.padding = padding
        geometry.stride = stride
        geometry.dilation = dilation
        return geometry
    }

    /// The sizes of the convolution of `dy`, spread by the stride, by the weights turned around.
    private static func turned(_ forward: DepthwiseGeometry) -> DepthwiseGeometry {
        var geometry = DepthwiseGeometry(
            source: forward.destination, destination: forward.source, kernel: forward.kernel,
            channels: forward.channels)
        geometry.padding = MapExtent(
            height: (forward.kernel.height - 1) * forward.dilation - forward.padding.height,
            width: (forward.kernel.width - 1) * forward.dilation - forward.padding.width)
        geometry.dilation = forward.dilation
        geometry.spacing = forward.stride
        return geometry
    }

    /// The gradient of the input alone.
    private static func inputGradient(
        _ dy: Tensor, _ w: Tensor, _ shape: Shape, _ forward: DepthwiseGeometry
    ) -> Tensor {
        let plan = DepthwisePlan(turned(forward), samples: shape[0])
        let scratch = Storage(count: plan.scratchCount)
        return Tensor(shape: shape) { dx in
            dy.withElements { source in
                w.withElements { weight in
                    plan.convolve(
                        DepthwiseOperands(x: source, weight: weight, bias: nil, y: dx),
                        with: kernels.depthwise.convolveFlipped, scratch: scratch.pointer)
                }
            }
        }
    }

    /// The gradient of the input, if its weights are given, and the sums over fixed blocks of rows.
    ///
    /// Straight from the maps both are computed block by block, so that `dy` is read once.
    private static func gradients(
        _ dy: Tensor, _ x: Tensor, _ weight: Tensor?, _ geometry: DepthwiseGeometry
    ) -> (input: Tensor?, sums: Tensor) {
        if let weight, kernels.depthwise.isStrided(geometry) {
            return stridedGradients(dy, x, weight, geometry)
        }
        let turned = turned(geometry)
        let samples = x.shape[0]
        guard let weight, geometry.source == geometry.destination,
            kernels.depthwise.isDirect(geometry), kernels.depthwise.isDirect(turned)
        else {
            return (
                weight.map { inputGradient(dy, $0, x.shape, geometry) },
                DepthwisePlan(geometry, samples: samples).weightGradient(dy, x)
            )
        }
        let dx = Storage(count: x.count)
        let size = x.count / max(1, samples)
        let sums = dy.withElements { source in
            weight.withElements { weight in
                DepthwisePlan(gradientsOf: geometry, samples: samples).weightGradient(dy, x) {
                    let operands = DepthwiseOperands(
                        x: source + $0 * size, weight: weight, bias: nil, y: dx.pointer + $0 * size)
                    kernels.depthwise.convolveFlipped(operands, turned, $1, dx.pointer)
                }
            }
        }
        return (Tensor(shape: x.shape, storage: dx), sums)
    }

    /// Both gradients of a convolution with a stride, by samples and groups of channels.
    private static func stridedGradients(
        _ dy: Tensor, _ x: Tensor, _ weight: Tensor, _ geometry: DepthwiseGeometry
    ) -> (input: Tensor?, sums: Tensor) {
        let (samples, channels) = (x.shape[0], geometry.channels)
        let group = 64
        let groups = (channels + group - 1) / group
        let width = 10 * channels
        let partial = Storage(count: samples * width)
        let dx = Storage(count: x.count)
        let (size, outputs) = (x.count / max(1, samples), dy.count / max(1, samples))
        parallelFor(samples * groups) { unit in
            let (sample, first) = (unit / groups, unit % groups * group)
            kernels.depthwise.stridedGradients(
                DepthwiseGradientOperands(
                    x: x.storage.pointer + sample * size,
                    dy: dy.storage.pointer + sample * outputs,
                    sums: partial.pointer + sample * width),
                DepthwiseInputGradient(
                    weight: weight.storage.pointer, dx: dx.pointer + sample * size),
                geometry,
                DepthwiseBlock(rows: 0..<0, channels: first..<min(channels, first + group)))
        }
        let sums = Tensor(shape: [10, channels]) {
            kernels.channel.sum(partial.pointer, $0, RowExtent(rows: samples, channels: width))
        }
        return (Tensor(shape: x.shape, storage: dx), sums)
    }

    /// The gradients of weight and bias from their sums.
    private static func parts(
        _ sums: Tensor, _ geometry: DepthwiseGeometry
    ) -> (weight: Tensor, bias: Tensor) {
        let count = geometry.channels
        let taps = geometry.kernel.height * geometry.kernel.width
        let weight = Tensor(
            shape: [geometry.kernel.height, geometry.kernel.width, count],
            Array(sums.elements.prefix(taps * count)))
        let bias = Tensor(shape: [count], Array(sums.elements.suffix(count)))
        return (weight, bias)
    }
}

extension Tensor {
    /// Depth-wise convolution of `[N, H, W, C]`.
    ///
    /// - Parameters:
    ///   - weight: `[kh, kw, C]`.
    ///   - bias: `[C]`, or nil.
    ///   - stride: Step of the window.
    ///   - padding: Rows and columns of zeros on each side.
    ///   - dilation: Distance of neighbouring taps.
    /// - Returns: `[N, H', W', C]`.
    public func depthwiseConvolved(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int, dilation: Int = 1
    ) -> Tensor {
        depthwiseConvolved(
            weight, bias: bias, stride: stride, paddingHeight: padding, paddingWidth: padding,
            dilation: dilation)
    }

    /// Depth-wise convolution of `[N, H, W, C]`, with paddings of their own for rows and columns.
    ///
    /// - Parameters:
    ///   - weight: `[kh, kw, C]`.
    ///   - bias: `[C]`, or nil.
    ///   - stride: Step of the window.
    ///   - paddingHeight: Rows of zeros above and below.
    ///   - paddingWidth: Columns of zeros on each side.
    ///   - dilation: Distance of neighbouring taps.
    /// - Returns: `[N, H', W', C]`.
    public func depthwiseConvolved(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, paddingHeight: Int,
        paddingWidth: Int, dilation: Int = 1
    ) -> Tensor {
        let operation = DepthwiseConvolution(
            stride: stride, padding: MapExtent(height: paddingHeight, width: paddingWidth),
            dilation: dilation)
        guard let bias else { return operation(self, weight) }
        return operation(self, weight, bias)
    }
}
