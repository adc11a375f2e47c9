import Foundation
import KernelInterface

/// The numbers of one AdamW step.
public struct AdamWRule: Sendable {
    /// Step size.
    public var learningRate: Float
    /// Decay of the first moment.
    public var beta1: Float
    /// Decay of the second moment.
    public var beta2: Float
    /// Added to the root of the second moment.
    public var epsilon: Float
    /// Decoupled weight decay.
    public var weightDecay: Float
    /// Number of the step, from 1, for the corrections of the moments.
    public var step: Int

    /// Makes the numbers of a step.
    ///
    /// - Parameters:
    ///   - learningRate: Step size.
    ///   - betas: Decays of the two moments.
    ///   - epsilon: Added to the root of the second moment.
    ///   - weightDecay: Decoupled weight decay.
    ///   - step: Number of the step, from 1.
    public init(
        learningRate: Float, betas: [Float], epsilon: Float, weightDecay: Float, step: Int
    ) {
        self.learningRate = learningRate
        beta1 = betas[0]
        beta2 = betas[1]
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.step = step
    }

    var factors: AdamWFactors {
        let first = 1 - pow(Double(beta1), Double(step))
        let second = (1 - pow(Double(beta2), Double(step))).squareRoot()
        return AdamWFactors(
            learningRate: learningRate, betas: (beta1, beta2), epsilon: epsilon,
            weightDecay: weightDecay, corrections: (Float(first), Float(second)))
    }
}

/// Changes of weights in place, one pass over memory each, cut into blocks for the threads.
///
/// These are the only functions that write to tensors that exist already: optimisers own them.
public enum ParameterUpdate {
    private static let block = 16384

    /// AdamW (Loshchilov and Hutter, 2019), in the order of PyTorch's operations.
    ///
    /// - Parameters:
    ///   - weights: Changed.
    ///   - gradient: Of the same shape.
    ///   - moments: First and second moment, changed.
    ///   - rule: The numbers of the step.
    public static func adamW(
        _ weights: Tensor, gradient: Tensor, moments: [Tensor], _ rule: AdamWRule
    ) {
        let factors = rule.factors
        let (p, g) = (weights.storage.pointer, gradient.storage.pointer)
        let (m, v) = (moments[0].storage.pointer, moments[1].storage.pointer)
        forEachBlock(weights.count, block: block) { range in
            let at = range.lowerBound
            kernels.optimizer.adamW(p + at, g + at, m + at, v + at, factors, range.count)
        }
    }

    /// Stochastic gradient descent: `v = momentum v + g + decay p`, `p -= rate v`.
    ///
    /// - Parameters:
    ///   - weights: Changed.
    ///   - gradient: Of the same shape.
    ///   - momentum: The last step, changed.
    ///   - factors: Rate, momentum and weight decay.
    public static func sgd(
        _ weights: Tensor, gradient: Tensor, momentum: Tensor, _ factors: SGDFactors
    ) {
        let (p, g) = (weights.storage.pointer, gradient.storage.pointer)
        let v = momentum.storage.pointer
        forEachBlock(weights.count, block: block) { range in
            let at = range.lowerBound
            kernels.optimizer.sgd(p + at, g + at, v + at, factors, range.count)
        }
    }

    /// Moves a running average: `average = decay * average + (1 - decay) * weights`.
    ///
    /// - Parameters:
    ///   - average: Changed.
    ///   - weights: Of the same shape.
    ///   - decay: 0 inclusive to 1 exclusive.
    public static func average(_ average: Tensor, towards weights: Tensor, decay: Float) {
        let (y, x) = (average.storage.pointer, weights.storage.pointer)
        forEachBlock(average.count, block: block) { range in
            kernels.optimizer.average(
                y + range.lowerBound, x + range.lowerBound, decay, range.count)
        }
    }

    /// Multiplies a gradient by a factor, for clipping.
    ///
    /// - Parameters:
    ///   - gradient: Changed.
    ///   - factor: The factor.
    public static func scale(_ gradient: Tensor, by factor: Float) {
        let x = gradient.storage.pointer
        for index in 0..<gradient.count { x[index] *= factor }
    }

    /// The sum of the squares of all elements, in blocks that do not depend on the threads.
    ///
    /// - Parameter tensor: The elements.
    /// - Returns: The sum; not finite where an element is not.
    public static func sumOfSquares(_ tensor: Tensor) -> Double {
        let x = tensor.storage.pointer
        let blocks = (tensor.count + block - 1) / block
        var sums = [Double](repeating: 0, count: blocks)
        sums.withUnsafeMutableBufferPointer { sums in
            forEachBlock(tensor.count, block: block) { range in
                // A short tensor comes as one range of several blocks.
                sums[range.lowerBound / block] = kernels.optimizer.sumOfSquares(
                    x + range.lowerBound, range.count)
            }
        }
        return sums.reduce(0, +)
    }
}

extension Tensor {
    /// The same elements in a block of their own.
    public func copy() -> Tensor {
        Tensor(shape: shape) { $0.update(from: storage.pointer, count: count) }
    }
}
