import KernelInterface

/// Product with one factor for each sample and channel: `x [N, ..., C]`, `g` with `N C` elements.
///
/// `y = x g`, `dx = dy g`, `dg = sum over positions of dy x`. Squeeze and excitation is one.
public struct ChannelGate: Operation {
    /// The name in layer tables.
    public let name = "ChannelGate"

    /// Makes the operation.
    public init() {}

    /// The shape of `x`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let (x, gate) = (inputs[0], inputs[1])
        precondition(
            x.rank >= 2 && gate.count == x[0] * x.channels, "\(x) gated by \(gate)")
        return x
    }

    /// Computes blocks of rows, sample by sample.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let rows = SampleRows(x.shapes[0])
        rows.forEachBlock { sample, _, start, extent in
            kernels.channel.scale(
                x[0] + start, x[1] + sample * extent.channels, y + start, extent)
        }
    }

    /// Keeps both inputs.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, gate) = (inputs[0], inputs[1])
        return { dy, needs in
            [
                needs[0] ? ChannelGate()(dy, gate) : nil,
                needs[1] ? Self.gateGradient(dy, x).reshaped(gate.shape) : nil,
            ]
        }
    }

    /// Sums of blocks of rows, joined in order in double precision.
    private static func gateGradient(_ dy: Tensor, _ x: Tensor) -> Tensor {
        let rows = SampleRows(x.shape)
        let count = rows.extent.channels
        let partial = Storage(count: rows.samples * rows.blocks * count)
        rows.forEachBlock { sample, block, start, extent in
            kernels.channel.dot(
                dy.storage.pointer + start, x.storage.pointer + start,
                partial.pointer + (sample * rows.blocks + block) * count, extent)
        }
        return ChannelSums.vector(
            (0..<rows.samples * count).map { index in
                let (sample, channel) = (index / count, index % count)
                let first = partial.pointer + sample * rows.blocks * count + channel
                return (0..<rows.blocks).reduce(0.0) { $0 + Double(first[$1 * count]) }
            })
    }
}

extension Tensor {
    /// The product with one factor for each sample and channel.
    ///
    /// - Parameter factors: `N C` elements, as in `[N, C]`.
    /// - Returns: The shape of this tensor, `[N, ..., C]`.
    public func gated(byChannels factors: Tensor) -> Tensor { ChannelGate()(self, factors) }
}
