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

    /// Training or evaluation.
    public let mode: Mode
    /// The random state of this pass.
    public var generator: RandomGenerator

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - mode: Training or evaluation.
    ///   - generator: The random state; evaluation does not use it.
    public init(_ mode: Mode, generator: RandomGenerator = RandomGenerator(state: 0)) {
        self.mode = mode
        self.generator = generator
    }

    /// Whether this is a training pass.
    public var isTraining: Bool { mode == .training }
}
