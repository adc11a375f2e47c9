import KernelInterface
import Parallelism

/// Changes of parameters and optimiser states in place, on all threads.
///
/// A tensor whose elements somebody else still holds is copied first, so that nobody sees them
/// change.
public enum ParameterUpdate {
    /// One step of AdamW (Loshchilov and Hutter, 2019), in the order of PyTorch's operations.
    ///
    /// `p -= rate decay p`, `m += (1 - beta1) (g - m)`, `v = beta2 v + (1 - beta2) g^2`,
    /// `p -= rate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)`.
    ///
    /// - Parameters:
    ///   - weights: The parameter.
    ///   - gradient: Its gradient.
    ///   - first: Average of gradients, 0 before the first step.
    ///   - second: Average of their squares, 0 before the first step.
    ///   - factors: Rates and corrections of this step.
    public static func adamW(
        _ weights: inout Tensor, gradient: Tensor, first: inout Tensor, second: inout Tensor,
        factors: AdamWFactors
    ) {
        let count = gradient.count
        precondition(weights.count == count && first.count == count && second.count == count)
        let (p, m, v) = (weights.ownElements(), first.ownElements(), second.ownElements())
        gradient.withElements { g in
            forEachBlock(count) { block in
                let start = block.lowerBound
                kernels.optimizer.adamW(
                    p + start, g + start, m + start, v + start, factors, block.count)
            }
        }
    }

    /// One step of gradient descent with momentum, as PyTorch's.
    ///
    /// `v = momentum v + g + decay p`, `p -= rate v`.
    ///
    /// - Parameters:
    ///   - weights: The parameter.
    ///   - gradient: Its gradient.
    ///   - velocity: The last step, 0 before the first.
    ///   - factors: Rates of this step.
    public static func sgd(
        _ weights: inout Tensor, gradient: Tensor, velocity: inout Tensor, factors: SGDFactors
    ) {
        let count = gradient.count
        precondition(weights.count == count && velocity.count == count)
        let (p, v) = (weights.ownElements(), velocity.ownElements())
        gradient.withElements { g in
            forEachBlock(count) { block in
                let start = block.lowerBound
                kernels.optimizer.sgd(p + start, g + start, v + start, factors, block.count)
            }
        }
    }

    /// An exponential moving average: `y = decay y + (1 - decay) x`.
    ///
    /// - Parameters:
    ///   - average: The average.
    ///   - value: What is averaged.
    ///   - decay: From 0 to 1.
    public static func average(_ average: inout Tensor, of value: Tensor, decay: Float) {
        precondition(average.count == value.count)
        let y = average.ownElements()
        value.withElements { x in
            forEachBlock(value.count) { block in
                let start = block.lowerBound
                kernels.optimizer.average(y + start, x + start, decay, block.count)
            }
        }
    }

    /// Multiplies all elements by a number, as clipping does.
    ///
    /// - Parameters:
    ///   - tensor: What is changed.
    ///   - factor: The number.
    public static func scale(_ tensor: inout Tensor, by factor: Float) {
        let y = tensor.ownElements()
        forEachBlock(tensor.count) { block in
            let start = block.lowerBound
            kernels.elementwise.scale(y + start, factor, y + start, block.count)
        }
    }
}

extension Tensor {
    /// The sum of the squares of all elements, in double precision by fixed blocks.
    ///
    /// Infinite or not a number where an element is, or where a square overflows.
    public var sumOfSquares: Double {
        let block = 1 << 16
        let blocks = (count + block - 1) / block
        let partial = Storage(count: 2 * blocks)
        return withElements { x in
            partial.pointer.withMemoryRebound(to: Double.self, capacity: blocks) { sums in
                parallelFor(blocks) { index in
                    let start = index * block
                    sums[index] = kernels.optimizer.sumOfSquares(
                        x + start, min(block, count - start))
                }
                return (0..<blocks).reduce(0) { $0 + sums[$1] }
            }
        }
    }

    /// Whether no element is infinite, not a number, or so large that squares overflow.
    public var isFinite: Bool { sumOfSquares.isFinite }

    /// The elements for writing, after a copy if another tensor shares them.
    mutating func ownElements() -> UnsafeMutablePointer<Float> {
        guard case .stored(var storage) = contents else {
            preconditionFailure("a symbolic tensor has no elements")
        }
        // The enumeration lets go of the block while its owners are counted.
        contents = .symbolic(Graph.Value(index: 0))
        if !isKnownUniquelyReferenced(&storage) {
            let copy = Storage(count: count)
            copy.pointer.update(from: storage.pointer, count: count)
            storage = copy
        }
        contents = .stored(storage)
        return storage.pointer
    }
}
