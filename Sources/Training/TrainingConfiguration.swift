import JSONText

/// How a model is trained: the part `training` of a config.
public struct TrainingConfiguration: Configuration, Equatable {
    /// Passes over the training set; an epoch is `ceil(images / batch_size)` steps.
    public var epochs = 50
    /// Images of one step.
    public var batchSize = 8
    /// Batches whose gradients are averaged before the weights change.
    public var accumulation = 1
    /// The rule that changes the weights.
    public var optimizer = OptimizerConfiguration()
    /// The learning rate over the run.
    public var schedule = ScheduleConfiguration()
    /// Largest norm of all gradients together; 0 clips nothing.
    public var gradientClip: Float = 0
    /// Averaging of the weights.
    public var ema = AverageConfiguration()
    /// How many of the backbone's first stages are left as they are, statistics included.
    public var frozenStages = 0
    /// Name prefixes of parameters that are left as they are, such as `backbone.patch_embed1`.
    public var freeze: [String] = []
    /// Whether BatchNorm keeps its running statistics in training.
    public var normEval = false
    /// Weights to begin from, a `.safetensors` or `.pth` file; empty for none.
    public var initialWeights = ""
    /// Whether those weights may fit in part: the rest begins as without them, and is listed.
    public var partialWeights = false
    /// Steps between two log lines.
    public var logInterval = 20
    /// Epochs between two evaluations on the validation split; 0 evaluates at the end only.
    public var evaluationInterval = 5
    /// Seed of the initial weights, the order of the data and everything random.
    public var seed = 0

    /// The defaults.
    public init() {}

    /// Checks ranges.
    ///
    /// - Throws: `ConfigurationError` naming the field.
    public func validate() throws {
        try demandRange((1...1_000_000).contains(epochs), "epochs", "from 1 to 1000000")
        try demandRange((1...65_536).contains(batchSize), "batch_size", "from 1 to 65536")
        try demandRange((1...65_536).contains(accumulation), "accumulation", "from 1 to 65536")
        try demandRange(frozenStages >= 0, "frozen_stages", "0 or more")
        try demandRange(gradientClip >= 0, "gradient_clip", "0 or more")
        try demandRange(logInterval >= 1, "log_interval", "at least 1")
        try demandRange(evaluationInterval >= 0, "evaluation_interval", "0 or more")
        try demandRange(seed >= 0, "seed", "0 or more")
        guard !partialWeights || !initialWeights.isEmpty else {
            throw ConfigurationError(
                what: "there are no weights that could fit in part", key: "partial_weights",
                fix: "name a file under training.initial_weights, or leave the key out")
        }
    }

}

/// The rule that changes the weights.
public struct OptimizerConfiguration: Configuration, Equatable {
    /// Which rule.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
        case adamw
        /// Stochastic gradient descent with momentum, as PyTorch has it.
        case sgd
    }

    /// The rule.
    public var name = Kind.adamw
    /// Learning rate at the top of the schedule.
    public var learningRate: Float = 1e-3
    /// Weight decay of weights; norms and biases have none.
    public var weightDecay: Float = 0.05
    /// Decay of the first moment (AdamW), or the momentum (SGD).
    public var beta1: Float = 0.9
    /// Decay of the second moment (AdamW).
    public var beta2: Float = 0.999
    /// Added to the root of the second moment (AdamW).
    public var epsilon: Float = 1e-8
    /// Factor on the learning rate of the backbone.
    public var backboneFactor: Float = 1
    /// Factor on the learning rate for each block of the backbone that lies deeper; 1 for none.
    public var layerDecay: Float = 1

    /// The defaults.
    public init() {}

    /// Checks ranges.
    ///
    /// - Throws: `ConfigurationError` naming the key.
    public func validate() throws {
        try demandRange(
            learningRate > 0 && learningRate <= 100, "learning_rate",
            "above 0 and at most 100")
        try demandRange(weightDecay >= 0 && weightDecay < 10, "weight_decay", "0 to 10")
        try demandRange(beta1 >= 0 && beta1 < 1, "beta1", "0 or more, below 1")
        try demandRange(beta2 >= 0 && beta2 < 1, "beta2", "0 or more, below 1")
        try demandRange(epsilon > 0, "epsilon", "above 0")
        try demandRange(backboneFactor >= 0, "backbone_factor", "0 or more")
        try demandRange(layerDecay > 0 && layerDecay <= 1, "layer_decay", "above 0, at most 1")
    }
}

/// Averaging of the weights over the steps (EMA); the average is what is evaluated and kept.
public struct AverageConfiguration: Configuration, Equatable {
    /// Whether the weights are averaged.
    public var enabled = true
    /// Decay a step, once warm.
    public var decay: Float = 0.9998
    /// Steps over which the decay rises: `decay * (1 - exp(-step / warmup))`.
    public var warmupSteps: Float = 2000

    /// The defaults.
    public init() {}

    /// Checks ranges.
    ///
    /// - Throws: `ConfigurationError` naming the key.
    public func validate() throws {
        try demandRange(decay >= 0 && decay < 1, "decay", "0 or more, below 1")
        try demandRange(warmupSteps > 0, "warmup_steps", "above 0")
    }
}

/// Refuses a value out of range.
///
/// - Parameters:
///   - holds: Whether the value is in range.
///   - key: The key as it stands in JSON.
///   - range: The range in words.
/// - Throws: `ConfigurationError` unless `holds`.
func demandRange(_ holds: Bool, _ key: String, _ range: String) throws {
    guard !holds else { return }
    throw ConfigurationError(
        what: "the value of \"\(key)\" is out of range", key: key, fix: "it must be \(range)")
}
