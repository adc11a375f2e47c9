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
            let sums = Self.centredSums(dy, x, mean: mean)
            return [dx, sums.products * inverse, sums.totals, nil, nil]
        }
    }

    /// `sum(a)` and `sum(a (b - mean))` of each channel over all rows, in one pass over both.
    private static func centredSums(
        _ a: Tensor, _ b: Tensor, mean: Tensor
    ) -> (totals: Tensor, products: Tensor) {
        let count = a.shape.channels
        let sums = a.withElements { first in
            b.withElements { second in
                mean.withElements { mean in
                    ChannelSums.reduce(a.shape.extent, width: 2 * count) { rows, result in
                        let start = rows.lowerBound * count
                        kernels.channel.centredSums(
                            first + start, second + start, mean, result,
                            RowExtent(rows: rows.count, channels: count))
                    }
                }
            }
        }
        return (
            ChannelSums.vector(Array(sums.prefix(count))),
            ChannelSums.vector(Array(sums.suffix(count)))
        )
    }
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
}
