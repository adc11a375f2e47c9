import Tensors

/// Batch normalisation of every channel over samples and positions.
///
/// `y = (x - mean) / sqrt(variance + epsilon) * weight + bias` (Ioffe and Szegedy, 2015). A
/// training pass takes mean and biased variance of the batch and moves the running statistics
/// towards them, the variance unbiased, as PyTorch does; an evaluation pass takes the running
/// ones. So does a training pass of a frozen layer, or of a context that keeps statistics.
public struct BatchNorm2d: Sendable {
    /// The scale, `[C]`.
    public let weight: Parameter
    /// The shift, `[C]`.
    public let bias: Parameter
    /// The running mean, `[C]`.
    public let runningMean: Parameter
    /// The running variance, unbiased, `[C]`.
    public let runningVariance: Parameter
    /// How many training passes there were; an integer without axes in files.
    public let batchCount: Parameter
    private let epsilon: Float
    private let momentum: Float
    private let name: String

    /// Declares parameters and buffers.
    ///
    /// - Parameters:
    ///   - scope: Holds `weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`.
    ///   - channels: Channels.
    ///   - epsilon: Added to the variance.
    ///   - momentum: Share of the batch in new running statistics, 0 to 1.
    ///   - initialWeight: The scale's initial value; 0 makes a branch begin as nothing.
    public init(
        _ scope: ParameterScope, _ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1,
        initialWeight: Float = 1
    ) {
        weight = scope.parameter("weight", [channels], .constant(initialWeight), role: .undecayed)
        bias = scope.parameter("bias", [channels], .constant(0), role: .undecayed)
        runningMean = scope.buffer("running_mean", [channels], value: 0)
        runningVariance = scope.buffer("running_var", [channels], value: 1)
        batchCount = scope.buffer("num_batches_tracked", [], value: 0, role: .counter)
        self.epsilon = epsilon
        self.momentum = momentum
        name = scope.prefix
    }

    /// Normalises, and in a training pass updates the running statistics.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, C]`.
    ///   - context: Training or evaluation.
    ///   - ending: What follows; training computes it in the same passes.
    /// - Returns: The same shape.
    public func callAsFunction(
        _ x: Tensor, _ context: Context, ending: BatchNormEnding = .plain
    ) -> Tensor {
        if context.usesBatchStatistics, !weight.isFrozen, !x.isSymbolic {
            return normalizedByBatch(x, ending)
        }
        let y = Graph.named(name) {
            x.batchNormalized(
                weight.tensor, bias.tensor, mean: runningMean.tensor,
                variance: runningVariance.tensor, epsilon: epsilon)
        }
        switch ending {
        case .plain: return y
        case .rectified: return y.relu()
        case .added(let shortcut): return shortcut + y
        }
    }

    private func normalizedByBatch(_ x: Tensor, _ ending: BatchNormEnding) -> Tensor {
        let result = x.batchNormalizedInTraining(
            weight.tensor, bias.tensor, epsilon: epsilon, ending: ending)
        let count = x.shape.rows
        let unbiased = Float(count) / Float(max(1, count - 1))
        move(runningMean, towards: result.mean, scaledBy: 1)
        move(runningVariance, towards: result.variance, scaledBy: unbiased)
        batchCount.value = Tensor(shape: [], repeating: batchCount.value.scalar + 1)
        return result.output
    }

    private func move(_ statistic: Parameter, towards batch: Tensor, scaledBy scale: Float) {
        let old = statistic.value
        statistic.value = Tensor(shape: old.shape) { new in
            old.withElements { old in
                batch.withElements { batch in
                    for c in 0..<statistic.value.count {
                        new[c] = (1 - momentum) * old[c] + momentum * (scale * batch[c])
                    }
                }
            }
        }
    }
}
