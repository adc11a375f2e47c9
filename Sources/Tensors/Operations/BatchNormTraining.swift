import KernelInterface

/// What follows BatchNorm and is computed along with it in training.
public enum BatchNormEnding: Sendable {
    /// Nothing.
    case plain
    /// ReLU.
    case rectified
    /// A sum with a tensor of the same shape.
    case added(to: Tensor)

    fileprivate var shortcut: Tensor? {
        if case .added(let shortcut) = self { return shortcut }
        return nil
    }

    fileprivate var isRectified: Bool {
        if case .rectified = self { return true }
        return false
    }
}

/// What BatchNorm gives in training.
public struct BatchNormOutput: Sendable {
    /// The normalised features, with their ending.
    public let output: Tensor
    /// Mean of each channel over the batch, `[C]`.
    public let mean: Tensor
    /// Biased variance of each channel over the batch, `[C]`.
    public let variance: Tensor
}

/// BatchNorm by the statistics of one batch: what its pullback keeps.
private struct BatchNormTraining: Sendable {
    private let x: Tensor
    private let isRectified: Bool
    /// The rows of `BatchNormRow`.
    private let factors: Storage

    /// The statistics, of which the mean shares the factors' block.
    var mean: Tensor { Tensor(shape: [x.shape.channels], storage: factors) }

    private init(_ x: Tensor, isRectified: Bool) {
        self.x = x
        self.isRectified = isRectified
        factors = Storage(count: BatchNormRow.count * x.shape.channels)
    }

    /// Computes statistics and output.
    static func forward(
        _ x: Tensor, _ weight: Tensor, _ bias: Tensor, epsilon: Float, ending: BatchNormEnding
    ) -> (norm: BatchNormTraining, output: Tensor, variance: Tensor) {
        let norm = BatchNormTraining(x, isRectified: ending.isRectified)
        let shortcut = ending.shortcut?.detached
        let variance = Tensor(shape: [x.shape.channels]) { _ in }
        let output = Tensor(shape: x.shape) { y in
            let operands = norm.operands(shortcut)
            let factors = norm.factors.pointer
            BatchNormCut(x.shape.extent).run(.moments, factors) {
                kernels.batchNorm.statistics(operands.x + $0.offset, $1, $0.extent)
            } finish: {
                norm.setFactors($0, weight, bias, variance, epsilon)
            } apply: {
                kernels.batchNorm.normalize(
                    operands.advanced(by: $0.offset, column: $0.channels.lowerBound),
                    y + $0.offset, $0.extent)
            }
        }
        withExtendedLifetime(shortcut) {}
        return (norm, output, variance)
    }

    private func operands(_ shortcut: Tensor? = nil) -> BatchNormOperands {
        BatchNormOperands(
            x: x.storage.pointer, factors: factors.pointer,
            shortcut: shortcut.map { UnsafePointer($0.storage.pointer) },
            isRectified: isRectified)
    }

    /// From means and sums of squares to the factors of some channels.
    private func setFactors(
        _ channels: Range<Int>, _ weight: Tensor, _ bias: Tensor, _ variance: Tensor,
        _ epsilon: Float
    ) {
        let count = x.shape.channels
        let rows = Float(max(1, x.shape.rows))
        let factors = factors.pointer
        let (w, b, v) = (
            weight.storage.pointer, bias.storage.pointer, variance.storage.pointer
        )
        for c in channels {
            v[c] = factors[BatchNormRow.inverse * count + c] / rows
            let inverse = 1 / (v[c] + epsilon).squareRoot()
            let scale = w[c] * inverse
            factors[BatchNormRow.inverse * count + c] = inverse
            factors[BatchNormRow.scale * count + c] = scale
            factors[BatchNormRow.shift * count + c] = b[c] - factors[c] * scale
        }
    }

    /// Gradients of input, weight and bias.
    ///
    /// With `M` rows and `xhat = (x - mean) inverse`: `dw = sum(dy xhat)`, `db = sum(dy)`,
    /// `dx = w inverse (dy - db / M - xhat dw / M)`: one pass for sums, one to apply.
    func pullback(_ dy: Tensor, needsInput: Bool) -> [Tensor?] {
        let count = x.shape.channels
        let (dw, db) = (Tensor(shape: [count]) { _ in }, Tensor(shape: [count]) { _ in })
        let slopes = Storage(count: 2 * count)
        let dx = needsInput ? Storage(count: x.count) : nil
        let operands = operands()
        dy.withElements { dy in
            BatchNormCut(x.shape.extent).run(.totals, slopes.pointer) {
                kernels.batchNorm.sums(
                    dy + $0.offset,
                    operands.advanced(by: $0.offset, column: $0.channels.lowerBound), $1,
                    $0.extent)
            } finish: {
                setSlopes($0, slopes.pointer, weight: dw, bias: db)
            } apply: {
                guard let dx else { return }
                let column = $0.channels.lowerBound
                kernels.batchNorm.gradient(
                    dy + $0.offset, operands.advanced(by: $0.offset, column: column),
                    slopes.pointer + column, dx.pointer + $0.offset, $0.extent)
            }
        }
        return [dx.map { Tensor(shape: x.shape, storage: $0) }, dw, db]
    }

    /// From the two sums of some channels to their gradients, and to what `dx` is made of.
    private func setSlopes(
        _ channels: Range<Int>, _ slopes: UnsafeMutablePointer<Float>, weight: Tensor,
        bias: Tensor
    ) {
        let count = x.shape.channels
        let rows = Float(max(1, x.shape.rows))
        let factors = factors.pointer
        for c in channels {
            let total = slopes[c]
            let inverse = factors[BatchNormRow.inverse * count + c]
            let scale = factors[BatchNormRow.scale * count + c]
            let product = slopes[count + c] * inverse
            weight.storage.pointer[c] = product
            bias.storage.pointer[c] = total
            let slope = -scale * inverse * product / rows
            slopes[c] = slope
            slopes[count + c] = -scale * total / rows - slope * factors[c]
        }
    }
}

extension Tensor {
    /// BatchNorm with the statistics of this batch (Ioffe and Szegedy, 2015), and what follows it.
    ///
    /// Computed at once and recorded; it cannot be traced into a graph.
    ///
    /// - Parameters:
    ///   - weight: `[C]`.
    ///   - bias: `[C]`.
    ///   - epsilon: Added to the variance.
    ///   - ending: What follows in the same passes.
    /// - Returns: The normalised features and the statistics.
    public func batchNormalizedInTraining(
        _ weight: Tensor, _ bias: Tensor, epsilon: Float, ending: BatchNormEnding = .plain
    ) -> BatchNormOutput {
        let count = shape.channels
        let shortcut = ending.shortcut
        precondition(
            weight.count == count && bias.count == count
                && (shortcut.map { $0.shape == shape } ?? true), "BatchNorm of \(shape)")
        let (norm, output, variance) = BatchNormTraining.forward(
            detached, weight.detached, bias.detached, epsilon: epsilon, ending: ending)
        let inputs = [self, weight, bias] + (shortcut.map { [$0] } ?? [])
        let recorded = output.recorded(from: inputs, named: "BatchNorm") {
            { dy, needs in
                let gradients = norm.pullback(dy, needsInput: needs[0])
                return needs.count > 3 ? gradients + [dy] : gradients
            }
        }
        return BatchNormOutput(output: recorded, mean: norm.mean, variance: variance)
    }
}
