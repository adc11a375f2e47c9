import Tensors

/// Stochastic depth: a residual branch is left out for some samples of a training pass.
///
/// Each sample draws by itself; a kept branch is divided by `1 - rate`, so that the expectation
/// stays (Huang et al., 2016; per sample as in timm). It has no parameters and leaves no key.
public struct DropPath: Sendable {
    /// The probability that a branch is left out, 0 inclusive to 1 exclusive.
    public let rate: Float

    /// Makes a layer.
    ///
    /// - Parameter rate: The probability that a branch is left out, 0 inclusive to 1 exclusive.
    public init(rate: Float) { self.rate = rate }

    /// Whether all samples keep the branch as it is.
    ///
    /// - Parameter context: Training or evaluation.
    /// - Returns: Whether nothing is dropped.
    public func isIdle(_ context: Context) -> Bool { !context.dropsBranches || rate == 0 }

    /// Draws what each sample's branch is multiplied by.
    ///
    /// - Parameters:
    ///   - samples: Number of samples.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: `[N]` of 0 and `1 / (1 - rate)`, or nil where nothing is dropped.
    public func factors(samples: Int, _ context: Context) -> Tensor? {
        guard !isIdle(context) else { return nil }
        let kept = 1 / (1 - rate)
        let draws = (0..<samples).map { _ in context.generator.uniform() < rate ? 0 : kept }
        return Tensor(shape: [samples], draws)
    }

    /// Multiplies each sample's branch by its factor.
    ///
    /// - Parameters:
    ///   - branch: `[N, ...]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: The same shape.
    public func callAsFunction(_ branch: Tensor, _ context: Context) -> Tensor {
        factors(samples: branch.shape[0], context).map { branch.scaled(bySamples: $0) } ?? branch
    }

    /// Adds a branch times its layer scale, in one pass; each sample's branch by its factor.
    ///
    /// - Parameters:
    ///   - branch: `[N, ..., C]`.
    ///   - x: What it is added to, of the same shape.
    ///   - scale: The layer scale, `[C]`; its name stands in layer tables.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: The same shape.
    public func adding(
        _ branch: Tensor, to x: Tensor, scaledBy scale: Parameter, _ context: Context
    ) -> Tensor {
        let factors = factors(samples: x.shape[0], context)
        return Graph.named(scale.name) {
            x.addingScaled(branch, by: scale.tensor, samples: factors)
        }
    }

    /// The rates of the blocks of a model: from 0 at the first to `rate` at the last, evenly.
    ///
    /// - Parameters:
    ///   - rate: The last block's rate.
    ///   - count: Number of blocks.
    /// - Returns: One rate a block.
    public static func rates(upTo rate: Double, count: Int) -> [Float] {
        (0..<count).map { count == 1 ? 0 : Float(rate * Double($0) / Double(count - 1)) }
    }
}
