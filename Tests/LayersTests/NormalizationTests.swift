import Layers
import Tensors
import TestSupport
import Testing

/// Mean and biased variance of some values, in 64 bits.
private struct Moments {
    let mean: Double
    let variance: Double

    init(_ values: [Float]) {
        let values = values.map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    }

    /// The value normalised, then scaled and shifted.
    func applied(to x: Float, epsilon: Double, _ scale: Float, _ shift: Float) -> Float {
        let normalized = (Double(x) - mean) / (variance + epsilon).squareRoot()
        return Float(normalized * Double(scale) + Double(shift))
    }
}

/// Every element of a channel of `[N, H, W, C]`.
private func channel(_ index: Int, of x: Tensor) -> [Float] {
    let elements = x.elements
    return stride(from: index, to: x.count, by: x.shape.channels).map { elements[$0] }
}

/// Gives the scales and shifts of a layer values that are neither 1 nor 0.
private func disturb(_ parameters: Parameter...) {
    for parameter in parameters {
        parameter.setFileElements(fill("test." + parameter.name, parameter.fileShape.count))
    }
}

@Suite struct BatchNorm2dTests {
    private let store = ParameterStore()
    private let norm: BatchNorm2d
    private let x = filled("input", [3, 4, 5, 6])

    init() {
        norm = BatchNorm2d(ParameterScope(store), 6, epsilon: 1e-3, momentum: 0.3)
        disturb(norm.weight, norm.bias)
    }

    @Test func trainingNormalizesByTheBatch() {
        let y = norm(x, Context(.training))
        let (scales, shifts) = (norm.weight.value.elements, norm.bias.value.elements)
        for index in 0..<6 {
            let moments = Moments(channel(index, of: x))
            let expected = channel(index, of: x).map {
                moments.applied(to: $0, epsilon: 1e-3, scales[index], shifts[index])
            }
            expectClose(channel(index, of: y), expected, relative: 1e-5)
        }
    }

    @Test func trainingMovesTheRunningStatistics() {
        _ = norm(x, Context(.training))
        _ = norm(x, Context(.training))
        let moments = (0..<6).map { Moments(channel($0, of: x)) }
        // Two steps of 0.3 leave 0.7 squared of the initial values 0 and 1.
        expectClose(
            norm.runningMean.value.elements, moments.map { Float(0.51 * $0.mean) }, relative: 1e-5)
        expectClose(
            norm.runningVariance.value.elements,
            moments.map { Float(0.49 + 0.51 * $0.variance * 60 / 59) }, relative: 1e-5)
        #expect(norm.batchCount.value.scalar == 2)
        #expect(norm.batchCount.role == .counter)
    }

    @Test func evaluationUsesTheRunningStatistics() {
        norm.runningMean.setFileElements(fill("running_mean", 6))
        norm.runningVariance.setFileElements(fill("running_var", 6))
        let y = norm(x, Context(.evaluation))
        let means = norm.runningMean.value.elements
        let variances = norm.runningVariance.value.elements
        let (scales, shifts) = (norm.weight.value.elements, norm.bias.value.elements)
        for index in 0..<6 {
            let expected = channel(index, of: x).map {
                ($0 - means[index]) / (variances[index] + 1e-3).squareRoot() * scales[index]
                    + shifts[index]
            }
            expectClose(channel(index, of: y), expected, relative: 1e-5)
        }
        #expect(norm.batchCount.value.scalar == 0)
    }

    @Test(arguments: [Context.Mode.training, .evaluation])
    func anEndingIsWhatFollows(mode: Context.Mode) {
        let plain = norm(x, Context(mode))
        let shortcut = filled("shortcut", x.shape)
        let rectified = norm(x, Context(mode), ending: .rectified)
        let added = norm(x, Context(mode), ending: .added(to: shortcut))
        #expect(rectified.elements == plain.relu().elements)
        #expect(added.elements == (shortcut + plain).elements)
    }

    @Test func frozenLayerAndKeptStatisticsStayAsTheyAre() {
        let evaluated = norm(x, Context(.evaluation)).elements
        let context = Context(.training)
        #expect(context.keepingStatistics { norm(x, context) }.elements == evaluated)
        ParameterScope(store).freeze()
        #expect(norm(x, context).elements == evaluated)
        #expect(norm.batchCount.value.scalar == 0)
        #expect(context.usesBatchStatistics)
    }

    @Test func statisticsAreBuffersUnderPyTorchsNames() {
        #expect(
            store.parameters.map(\.name) == [
                "weight", "bias", "running_mean", "running_var", "num_batches_tracked",
            ])
        #expect(store.parameterCount == 12)
        #expect(store["num_batches_tracked"]?.fileShape == [])
    }
}

@Suite struct LayerNormTests {
    @Test(arguments: [1, 7, 16, 33]) func normalizesEachPosition(channels: Int) {
        let norm = LayerNorm(ParameterScope(ParameterStore()), channels, epsilon: 1e-3)
        disturb(norm.weight, norm.bias)
        let x = filled("input", [2, 3, channels])
        let elements = x.elements
        let (scales, shifts) = (norm.weight.value.elements, norm.bias.value.elements)
        let expected = elements.indices.map { index in
            let start = index / channels * channels
            let moments = Moments(Array(elements[start..<start + channels]))
            return moments.applied(
                to: elements[index], epsilon: 1e-3, scales[index - start], shifts[index - start])
        }
        expectClose(norm(x).elements, expected, relative: 1e-5)
    }
}

@Suite struct GroupNormTests {
    @Test(arguments: [1, 2, 4, 8]) func normalizesEachGroupOfASample(groups: Int) {
        let norm = GroupNorm(ParameterScope(ParameterStore()), 8, groups: groups)
        disturb(norm.weight, norm.bias)
        let x = filled("input", [2, 3, 5, 8])
        let elements = x.elements
        let (scales, shifts) = (norm.weight.value.elements, norm.bias.value.elements)
        func member(_ index: Int) -> Int { index / 120 * groups + index % 8 / (8 / groups) }
        let moments = (0..<2 * groups).map { group in
            Moments(elements.indices.filter { member($0) == group }.map { elements[$0] })
        }
        let expected = elements.indices.map {
            moments[member($0)].applied(
                to: elements[$0], epsilon: 1e-5, scales[$0 % 8], shifts[$0 % 8])
        }
        expectClose(norm(x).elements, expected, relative: 1e-5)
    }
}
