/// The factors of one AdamW step.
public struct AdamWFactors: Sendable {
    /// Step size.
    public let learningRate: Float
    /// Decay rates of the two moments.
    public let beta1: Float
    /// Decay rate of the second moment.
    public let beta2: Float
    /// Added to the root of the second moment.
    public let epsilon: Float
    /// Decoupled weight decay.
    public let weightDecay: Float
    /// `1 - beta1^t`.
    public let correction1: Float
    /// `sqrt(1 - beta2^t)`.
    public let correction2: Float

    /// Makes the factors of step `step`.
    ///
    /// - Parameters:
    ///   - learningRate: Step size.
    ///   - betas: Decay rates of the two moments.
    ///   - epsilon: Added to the root of the second moment.
    ///   - weightDecay: Decoupled weight decay.
    ///   - corrections: `1 - beta1^t` and `sqrt(1 - beta2^t)`.
    public init(
        learningRate: Float, betas: (Float, Float), epsilon: Float, weightDecay: Float,
        corrections: (Float, Float)
    ) {
        self.learningRate = learningRate
        (beta1, beta2) = betas
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        (correction1, correction2) = corrections
    }
}

/// The factors of one step of stochastic gradient descent.
public struct SGDFactors: Sendable {
    /// Step size.
    public let learningRate: Float
    /// Share of the last step that is kept.
    public let momentum: Float
    /// Added to the gradient, times the weight.
    public let weightDecay: Float

    /// Makes the factors.
    ///
    /// - Parameters:
    ///   - learningRate: Step size.
    ///   - momentum: Share of the last step that is kept.
    ///   - weightDecay: Added to the gradient, times the weight.
    public init(learningRate: Float, momentum: Float, weightDecay: Float) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
    }
}

/// Changes weights and moments in place: weights, gradient, two moments, factors, count.
public typealias AdamWKernel =
    @Sendable (
        UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>,
        UnsafeMutablePointer<Float>, AdamWFactors, Int
    ) -> Void

/// Changes weights and momentum in place: weights, gradient, momentum, factors, count.
public typealias SGDKernel =
    @Sendable (
        UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>,
        SGDFactors, Int
    ) -> Void

/// `y = d y + (1 - d) x` in place: average, source, decay, count.
public typealias AveragingKernel =
    @Sendable (
        UnsafeMutablePointer<Float>, UnsafePointer<Float>, Float, Int
    ) -> Void

/// Updates of parameters, one pass over memory each.
public struct OptimizerKernels: Sendable {
    /// AdamW (Loshchilov and Hutter, 2019), in the order of PyTorch's operations.
    public let adamW: AdamWKernel
    /// `v = momentum v + g + decay p`, `p -= rate v`.
    public let sgd: SGDKernel
    /// Exponential moving average.
    public let average: AveragingKernel
    /// The sum of squares; not finite where an element is not, or a square overflows.
    public let sumOfSquares: @Sendable (UnsafePointer<Float>, Int) -> Double

    /// Makes the group.
    public init(
        adamW: @escaping AdamWKernel, sgd: @escaping SGDKernel,
        average: @escaping AveragingKernel,
        sumOfSquares: @escaping @Sendable (UnsafePointer<Float>, Int) -> Double
    ) {
        self.adamW = adamW
        self.sgd = sgd
        self.average = average
        self.sumOfSquares = sumOfSquares
    }
}
