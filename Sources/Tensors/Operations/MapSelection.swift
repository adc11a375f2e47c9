import KernelInterface

/// A weighted choice between three maps, by gates of channels and weights of positions.
///
/// `y[n, p, c] = sum over k of x_k[n, p, c] g_k[n, c] s[n, p, k]`. Operands: three maps
/// `x_k [N, H, W, C]`, three gates `g_k` of `N C` elements, weights `s [N, H, W, 3]`.
/// `dx_k = dy g_k s_k`, `dg_k = sum over p of dy x_k s_k`, `ds_k = sum over c of dy x_k g_k`.
public struct MapSelection: Operation {
    /// The name in layer tables.
    public let name = "MapSelection"

    /// Makes the operation.
    public init() {}

    /// The shape of the maps.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            inputs.count == 7 && inputs[1] == x && inputs[2] == x && x.rank >= 2
                && inputs[3...5].allSatisfy { $0.count == x[0] * x.channels }
                && inputs[6] == Shape(x.dimensions.dropLast() + [3]),
            "a choice between \(inputs)")
        return x
    }

    /// Computes blocks of rows of each sample.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let count = x.shapes[0].channels
        SampleRows(x.shapes[0]).forEachBlock { sample, _, start, extent in
            func map(_ index: Int) -> SelectionMap {
                SelectionMap(x: x[index] + start, gates: x[3 + index] + sample * count)
            }
            kernels.position.select(
                SelectionOperands(
                    first: map(0), second: map(1), third: map(2),
                    weights: x[6] + start / count * 3),
                y + start, extent)
        }
    }

    /// Keeps all inputs.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        { dy, _ in
            let weights = inputs[6]
            var maps: [Tensor] = []
            var gates: [Tensor] = []
            let dWeights = Tensor(shape: weights.shape) { dWeights in
                for k in 0..<3 {
                    let branch = Branch(
                        map: inputs[k], gates: inputs[3 + k], weights: weights, index: k)
                    let (dx, dGates) = branch.pullback(dy, dWeights: dWeights)
                    maps.append(dx)
                    gates.append(dGates)
                }
            }
            return maps + gates + [dWeights]
        }
    }

    /// One of the maps on the way back.
    private struct Branch {
        let map: Tensor
        let gates: Tensor
        let weights: Tensor
        let index: Int

        /// Gradients of map and gates; those of the weights go where every third number is this map's.
        func pullback(
            _ dy: Tensor, dWeights: UnsafeMutablePointer<Float>
        ) -> (map: Tensor, gates: Tensor) {
            let rows = SampleRows(map.shape)
            let count = rows.extent.channels
            let partial = Storage(count: rows.samples * rows.blocks * count)
            let dx = Tensor(shape: map.shape) { dx in
                rows.forEachBlock { sample, block, start, extent in
                    let weight = start / count * 3 + index
                    let branch = SelectionBranch(
                        map: SelectionMap(
                            x: map.storage.pointer + start,
                            gates: gates.storage.pointer + sample * count),
                        weights: weights.storage.pointer + weight, dx: dx + start,
                        dGates: partial.pointer + (sample * rows.blocks + block) * count,
                        dWeights: dWeights + weight)
                    kernels.position.selectPullback(dy.storage.pointer + start, branch, extent)
                }
            }
            let dGates = Tensor(shape: gates.shape) { target in
                for sample in 0..<rows.samples {
                    kernels.channel.sum(
                        partial.pointer + sample * rows.blocks * count, target + sample * count,
                        RowExtent(rows: rows.blocks, channels: count))
                }
            }
            return (dx, dGates)
        }
    }
}
