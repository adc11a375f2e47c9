import KernelInterface

/// BatchNorm with given statistics: `y = (x - mean) / sqrt(variance + epsilon) w + b`.
///
/// Operands: `x [..., C]`, then `w`, `b`, `mean`, `variance`, each `[C]`.
public struct BatchNormInference: Operation {
    /// The name in layer tables.
    public let name = "BatchNorm"
    /// Added to the variance.
    public let epsilon: Float

    /// Makes the operation.
    ///
    /// - Parameter epsilon: Added to the variance.
    public init(epsilon: Float) { self.epsilon = epsilon }

    /// The input's shape.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            inputs.dropFirst().allSatisfy { $0.count == x.channels },
            "BatchNorm of \(x) with \(inputs.dropFirst())")
        return x
    }

    /// A scale and a shift for each channel.
    public func scratchCount(_ inputs: [Shape]) -> Int { 2 * inputs[0].channels }

    /// Folds the statistics into one scale and one shift, then applies them.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let extent = x.shapes[0].extent
        let (scale, shift) = (scratch, scratch + extent.channels)
        for c in 0..<extent.channels {
            scale[c] = x[1][c] / (x[4][c] + epsilon).squareRoot()
            shift[c] = x[2][c] - x[3][c] * scale[c]
        }
        Elements.forEachRowBlock(extent) { rows in
            let start = rows.lowerBound * extent.channels
            kernels.channel.affine(
                x[0] + start, scale, shift, y + start,
                RowExtent(rows: rows.count, channels: extent.channels))
        }
    }

    /// Gradients of input, weight and bias; statistics are constants.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, weight, mean, variance) = (inputs[0], inputs[1], inputs[3], inputs[4])
        let inverse = Tensor(
            shape: mean.shape,
            variance.elements.map { 1 / ($0 + epsilon).squareRoot() })
        return { dy, needs in
            let dx = needs[0] ? dy.scaled(byChannels: weight * inverse) : nil
            guard needs[1] || needs[2] else { return [dx, nil, nil, nil, nil] }
            let sums = BatchStatistics.centredSums(dy, x, mean: mean)
            return [dx, sums.products * inverse, sums.totals, nil, nil]
        }
    }
}

/// What BatchNorm gives in training.
public struct BatchNormOutput: Sendable {
    /// The normalised features.
    public let output: Tensor
    /// Mean of each channel over the batch, `[C]`.
    public let mean: Tensor
    /// Biased variance of each channel over the batch, `[C]`.
    public let variance: Tensor
}

extension Tensor {
    /// BatchNorm with given statistics, as in evaluation.
    ///
    /// - Parameters:
    ///   - weight: `[C]`.
    ///   - bias: `[C]`.
    ///   - mean: Running mean, `[C]`.
    ///   - variance: Running variance, `[C]`.
    ///   - epsilon: Added to the variance.
    /// - Returns: The normalised features.
    public func batchNormalized(
        _ weight: Tensor, _ bias: Tensor, mean: Tensor, variance: Tensor, epsilon: Float
    ) -> Tensor {
        BatchNormInference(epsilon: epsilon)(self, weight, bias, mean, variance)
    }

    /// BatchNorm with the statistics of this batch (Ioffe and Szegedy, 2015).
    ///
    /// Computed at once and recorded; it cannot be traced into a graph.
    ///
    /// - Parameters:
    ///   - weight: `[C]`.
    ///   - bias: `[C]`.
    ///   - epsilon: Added to the variance.
    /// - Returns: The normalised features and the statistics.
    public func batchNormalizedInTraining(
        _ weight: Tensor, _ bias: Tensor, epsilon: Float
    ) -> BatchNormOutput {
        let count = shape.channels
        precondition(
            weight.count == count && bias.count == count, "BatchNorm of \(shape)")
        let statistics = BatchStatistics(detached)
        let inverse = statistics.inverseDeviation(epsilon: epsilon)
        let mean = statistics.mean
        let scale = (0..<count).map { weight.storage.pointer[$0] * inverse[$0] }
        let shift = (0..<count).map {
            bias.storage.pointer[$0] - mean.storage.pointer[$0] * scale[$0]
        }
        let x = detached
        let output = x.affine(
            scale: Tensor(shape: [count], scale), shift: Tensor(shape: [count], shift))
        let kept = weight.detached
        let recorded = output.recorded(from: [self, weight, bias]) {
            { dy, needs in
                BatchStatistics.pullback(
                    dy, x, weight: kept, mean: mean, inverse: inverse, needs: needs)
            }
        }
        return BatchNormOutput(output: recorded, mean: mean, variance: statistics.variance)
    }

    /// `x s + t` channel by channel, not recorded.
    func affine(scale: Tensor, shift: Tensor) -> Tensor {
        let extent = shape.extent
        return Tensor(shape: shape) { y in
            withElements { x in
                Elements.forEachRowBlock(extent) { rows in
                    let start = rows.lowerBound * extent.channels
                    kernels.channel.affine(
                        x + start, scale.storage.pointer, shift.storage.pointer, y + start,
                        RowExtent(rows: rows.count, channels: extent.channels))
                }
            }
        }
    }
}
