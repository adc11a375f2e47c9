import KernelInterface

/// Softmax attention among the channels of each head, over all positions (DaViT, section 3.2).
///
/// Operand: `x [N, ..., 3 C]`, queries, keys and values of all heads; output `[N, ..., C]`. With
/// `d = C / heads` channels a head, `A = softmax along rows of (d^-1/2 kᵀ v)`, `[d, d]`, and
/// `y[n, i] = sum over j of A[i, j] q[n, j]`: keys play query, values play key, queries value.
/// `dA = dyᵀ q`, `dq = dy A`, and with the gradient `dM` of `kᵀ v`: `dk = v dMᵀ`, `dv = k dM`.
public struct ChannelAttention: Operation {
    /// The name in layer tables.
    public let name = "ChannelAttention"
    /// Number of heads.
    public let heads: Int

    /// Makes the operation.
    ///
    /// - Parameter heads: Number of heads; it divides the channels.
    public init(heads: Int) { self.heads = heads }

    /// The input's shape with a third of its channels.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            x.rank >= 2 && x.channels % (3 * heads) == 0, "\(heads) heads of channels in \(x)")
        return x.replacingChannels(with: x.channels / 3)
    }

    /// Both products of all heads.
    public func multiplyAdds(_ inputs: [Shape]) -> Int {
        let channels = inputs[0].channels / 3
        return 2 * inputs[0].rows * channels * (channels / heads)
    }

    /// Room for the attention of all heads, and for packed rows of each lane.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        ChannelAttentionRun(inputs[0], heads: heads).scratchCount
    }

    /// Computes `A` from sums of blocks of rows, then the output block by block.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let run = ChannelAttentionRun(x.shapes[0], heads: heads)
        let attention = run.matrix(0, scratch)
        run.attend(x[0], into: attention, scratch)
        let panels = run.matrix(1, scratch)
        run.forEachHead { run.packColumns(attention, $0, into: panels) }
        run.forEachBlock { block, _ in
            let product = run.rows(x[0], .queries, block)
            product.multiply(
                panels + block.unit * run.matrixCount, into: run.place(y, block),
                run.extent(block, stride: run.channels))
        }
    }

    /// Keeps the input; `A` is computed again.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, heads) = (inputs[0], heads)
        return { dy, _ in
            let run = ChannelAttentionRun(x.shape, heads: heads)
            return [
                Tensor(shape: x.shape) { dx in
                    x.withElements { x in
                        dy.withElements { dy in run.backward(x, dy, into: dx) }
                    }
                }
            ]
        }
    }
}
