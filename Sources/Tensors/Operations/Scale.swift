import KernelInterface

/// Product with a number.
///
/// `y = factor x`, `dx = factor dy`. Any shape.
public struct Scale: Operation {
    /// The name in layer tables.
    public let name = "Scale"
    /// The number.
    public let factor: Float

    /// Makes the operation.
    ///
    /// - Parameter factor: The number.
    public init(factor: Float) { self.factor = factor }

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape { inputs[0] }

    /// Computes all elements.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        forEachBlock(x.shapes[0].count) { block in
            let start = block.lowerBound
            kernels.elementwise.scale(x[0] + start, factor, y + start, block.count)
        }
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let operation = self
        return { dy, _ in [operation(dy)] }
    }
}

/// Product with one factor a channel: `x [..., C]`, `s [C]`.
///
/// `y = x s`, `dx = dy s`, `ds = sum over rows of dy x`.
public struct ChannelScale: Operation {
    /// The name in layer tables.
    public let name = "ChannelScale"

    /// Makes the operation.
    public init() {}

    /// The shape of `x`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[1].count == inputs[0].channels, "\(inputs[0]) by \(inputs[1])")
        return inputs[0]
    }

    /// Computes blocks of rows.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let count = x.shapes[0].channels
        Elements.forEachRowBlock(x.shapes[0].extent) { rows in
            let start = rows.lowerBound * count
            kernels.channel.scale(
                x[0] + start, x[1], y + start, RowExtent(rows: rows.count, channels: count))
        }
    }

    /// Keeps both inputs.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, s) = (inputs[0], inputs[1])
        return { dy, needs in
            [
                needs[0] ? ChannelScale()(dy, s) : nil,
                needs[1] ? ChannelSums.dot(dy, x).reshaped(s.shape) : nil,
            ]
        }
    }
}

/// Product with one factor a sample: `x [N, ...]`, `s [N]`.
///
/// `y = x s`, `dx = dy s`, `ds = sum over the sample of dy x`.
public struct SampleScale: Operation {
    /// The name in layer tables.
    public let name = "SampleScale"

    /// Makes the operation.
    public init() {}

    /// The shape of `x`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(
            inputs[0].rank > 0 && inputs[1].count == inputs[0][0], "\(inputs[0]) by \(inputs[1])")
        return inputs[0]
    }

    /// Computes sample after sample.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let samples = x.shapes[0][0]
        let length = x.shapes[0].count / max(1, samples)
        for sample in 0..<samples {
            forEachBlock(length) { block in
                let start = sample * length + block.lowerBound
                kernels.elementwise.scale(x[0] + start, x[1][sample], y + start, block.count)
            }
        }
    }

    /// Keeps both inputs.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, s) = (inputs[0], inputs[1])
        return { dy, needs in
            [
                needs[0] ? SampleScale()(dy, s) : nil,
                needs[1] ? SampleScale.factorGradient(dy, x).reshaped(s.shape) : nil,
            ]
        }
    }

    private static func factorGradient(_ dy: Tensor, _ x: Tensor) -> Tensor {
        let rows = SampleRows(x.shape)
        let count = rows.extent.channels
        let partial = Storage(count: rows.samples * rows.blocks * count)
        rows.forEachBlock { sample, block, start, extent in
            kernels.channel.dot(
                dy.storage.pointer + start, x.storage.pointer + start,
                partial.pointer + (sample * rows.blocks + block) * count, extent)
        }
        let length = rows.blocks * count
        return ChannelSums.vector(
            (0..<rows.samples).map { sample in
                (0..<length).reduce(0) { $0 + Double(partial.pointer[sample * length + $1]) }
            })
    }
}

extension Tensor {
    /// The product with a number.
    ///
    /// - Parameter factor: The number.
    /// - Returns: The same shape.
    public func multiplied(by factor: Float) -> Tensor { Scale(factor: factor)(self) }

    /// The product with one factor a channel.
    ///
    /// - Parameter factors: `[C]`.
    /// - Returns: The same shape.
    public func scaled(byChannels factors: Tensor) -> Tensor { ChannelScale()(self, factors) }

    /// The product with one factor a sample.
    ///
    /// - Parameter factors: `[N]`.
    /// - Returns: The same shape.
    public func scaled(bySamples factors: Tensor) -> Tensor { SampleScale()(self, factors) }
}
