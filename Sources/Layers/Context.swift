import Tensors

/// What a forward pass needs beside its input: training or evaluation, and the random state.
public final class Context: @unchecked Sendable {
    // @unchecked: belongs to the thread that runs the forward pass.

    /// Whether statistics come from the batch and branches are dropped.
    public enum Mode: Sendable {
        /// Batch statistics, stochastic depth and dropout.
        case training
        /// Running statistics, nothing random.
        case evaluation
    }

    /// Whether a training pass drops branches and elements at random.
    public enum Regularization: Sendable {
        /// Stochastic depth and dropout at their rates.
        case random
        /// Both at 0, for comparisons.
        case none
    }

    /// Training or evaluation.
    public let mode: Mode
    /// Whether a training pass drops branches and elements at random.
    public let regularization: Regularization
    /// The random state of this pass.
    public var generator: RandomGenerator
    private var keepsStatistics = false

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - mode: Training or evaluation.
    ///   - generator: The random state; evaluation does not use it.
    ///   - regularization: Whether a training pass drops branches and elements at random.
    public init(
        _ mode: Mode, generator: RandomGenerator = RandomGenerator(state: 0),
        regularization: Regularization = .random
    ) {
        self.mode = mode
        self.generator = generator
        self.regularization = regularization
    }

    /// Whether this is a training pass.
    public var isTraining: Bool { mode == .training }

    /// Whether stochastic depth and dropout act.
    public var dropsBranches: Bool { isTraining && regularization == .random }

    /// Whether BatchNorm takes the statistics of the batch and updates the running ones.
    public var usesBatchStatistics: Bool { isTraining && !keepsStatistics }

    /// Runs a part of the forward pass with BatchNorm's running statistics, also in training.
    ///
    /// This is `norm_eval` of detection configurations: weights are trained, statistics stay.
    ///
    /// - Parameter body: The part.
    /// - Returns: What `body` returns.
    public func keepingStatistics<R>(_ body: () throws -> R) rethrows -> R {
        let before = keepsStatistics
        keepsStatistics = true
        defer { keepsStatistics = before }
        return try body()
    }
}
