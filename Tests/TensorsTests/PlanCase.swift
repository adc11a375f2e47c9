import Tensors
import TestSupport
import Testing

/// A model on random constants, as a plan and as it is written.
struct PlanCase {
    private let inputs: [Tensor]
    private let model: @Sendable ([Tensor]) -> [Tensor]

    /// Makes a case.
    ///
    /// - Parameters:
    ///   - shapes: Of the inputs.
    ///   - model: The forward pass.
    init(_ shapes: [Shape], _ model: @escaping @Sendable ([Tensor]) -> [Tensor]) {
        inputs = shapes.enumerated().map { randomTensor($1, seed: UInt64(100 + $0)) }
        self.model = model
    }

    /// The plan with all simplifications.
    var plan: Plan { Plan(Graph.trace(inputs: inputs.map(\.shape), model)) }

    /// Names of the operations of the plan, without those of the layers.
    var names: [String] { plan.steps.map { String($0.name.split(separator: " ").last ?? "") } }

    /// Expects that the plan gives what the model gives, with and without simplifications.
    ///
    /// - Parameter location: The line of the test.
    func check(at location: SourceLocation = #_sourceLocation) {
        let expected = model(inputs)
        let graph = Graph.trace(inputs: inputs.map(\.shape), model)
        for rewriting in [GraphRewriting.none, .all] {
            let plan = Plan(graph, rewriting: rewriting)
            // Twice: a replay may not depend on what the one before left behind.
            _ = plan(inputs)
            for (output, reference) in zip(plan(inputs), expected) {
                #expect(output.shape == reference.shape, sourceLocation: location)
                // 1e-5: folding a constant rounds it once, and sums start elsewhere.
                expectClose(
                    output.elements, reference.elements, relative: 1e-5, "\(rewriting)",
                    at: location)
            }
        }
    }
}

/// The tensor operations of a VAN block with random constants.
struct RandomBlock: Sendable {
    private let channels: Int
    private let hidden: Int

    /// Makes a block.
    ///
    /// - Parameters:
    ///   - channels: Channels of its input.
    ///   - hidden: Channels inside of its MLP.
    init(channels: Int, hidden: Int) {
        self.channels = channels
        self.hidden = hidden
    }

    /// Applies BatchNorm with random statistics.
    static func normalized(_ x: Tensor, seed: UInt64) -> Tensor {
        let shape: Shape = [x.shape.channels]
        let variance = randomTensor(shape, seed: seed + 3).elements.map { 0.5 + $0 * $0 }
        return x.batchNormalized(
            randomTensor(shape, seed: seed), randomTensor(shape, seed: seed + 1),
            mean: randomTensor(shape, seed: seed + 2), variance: Tensor(shape: shape, variance),
            epsilon: 1e-5)
    }

    /// Applies a 1x1 convolution.
    static func pointwise(_ x: Tensor, _ outputs: Int, seed: UInt64, hasBias: Bool = true)
        -> Tensor
    {
        x.convolved(
            randomTensor([outputs, 1, 1, x.shape.channels], seed: seed),
            bias: hasBias ? randomTensor([outputs], seed: seed + 1) : nil, stride: 1, padding: 0)
    }

    /// Applies a depth-wise convolution that keeps the size.
    static func depthwise(_ x: Tensor, kernel: Int, dilation: Int = 1, seed: UInt64) -> Tensor {
        let count = x.shape.channels
        return x.depthwiseConvolved(
            randomTensor([kernel, kernel, count], seed: seed),
            bias: randomTensor([count], seed: seed + 1), padding: kernel / 2 * dilation,
            dilation: dilation)
    }

    /// Applies the block.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let normal = Self.normalized(x, seed: 20)
        let value = Self.pointwise(normal, channels, seed: 30).gelu()
        let wide = Self.depthwise(
            Self.depthwise(value, kernel: 5, seed: 40), kernel: 7, dilation: 3, seed: 50)
        let gated = value * Self.pointwise(wide, channels, seed: 60)
        let attended = x.addingScaled(
            Self.pointwise(gated, channels, seed: 70) + normal,
            by: randomTensor([channels], seed: 80))
        let inner = Self.pointwise(Self.normalized(attended, seed: 90), hidden, seed: 110)
        let mixed = Self.pointwise(
            Self.depthwise(inner, kernel: 3, seed: 120).gelu(), channels, seed: 130)
        return attended.addingScaled(mixed, by: randomTensor([channels], seed: 140))
    }
}
