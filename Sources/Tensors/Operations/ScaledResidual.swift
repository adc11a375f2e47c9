import KernelInterface

/// Residual sum with layer scale and stochastic depth in one pass.
///
/// `y = x + f s b`: `x` and branch `b` `[N, ..., C]`, scale `s [C]`, and optionally a factor of
/// each sample, `f [N]`, which is a constant. `dx = dy`, `db = f s dy`, `ds = sum(f b dy)`.
public struct ScaledResidual: Operation {
    /// The name in layer tables.
    public let name = "ScaledResidual"

    /// Makes the operation.
    public init() {}

    /// The shape of `x`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            inputs[1] == x && inputs[2].count == x.channels && x.rank >= 2,
            "\(x) + \(inputs[1]) * \(inputs[2])")
        precondition(inputs.count < 4 || inputs[3].count == x[0], "\(x) with \(inputs[3])")
        return x
    }

    /// Computes blocks of rows, sample by sample where samples have factors.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let hasFactors = x.shapes.count > 3
        SampleRows(x.shapes[0]).forEachBlock { sample, _, start, extent in
            kernels.channel.addScaled(
                x[0] + start, x[1] + start, x[2], hasFactors ? x[3][sample] : 1, y + start,
                extent)
        }
    }

    /// Keeps the branch and the scale; the gradient of `x` is `dy` itself.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (branch, scale) = (inputs[1], inputs[2])
        let factors = inputs.count > 3 ? inputs[3] : nil
        return { dy, needs in
            let weighted = factors.map { dy.scaled(bySamples: $0) } ?? dy
            let gradients = [
                dy, needs[1] ? weighted.scaled(byChannels: scale) : nil,
                needs[2] ? ChannelSums.dot(weighted, branch).reshaped(scale.shape) : nil,
            ]
            return factors == nil ? gradients : gradients + [nil]
        }
    }
}

extension Tensor {
    /// `x + f s b`: a branch added with layer scale and stochastic depth.
    ///
    /// - Parameters:
    ///   - branch: The shape of this tensor.
    ///   - channels: One factor a channel, `[C]`.
    ///   - samples: One factor a sample, `[N]`, which gets no gradient; or nil for 1.
    /// - Returns: The same shape.
    public func addingScaled(
        _ branch: Tensor, by channels: Tensor, samples: Tensor? = nil
    ) -> Tensor {
        guard let samples else { return ScaledResidual()(self, branch, channels) }
        return ScaledResidual()(self, branch, channels, samples)
    }
}
