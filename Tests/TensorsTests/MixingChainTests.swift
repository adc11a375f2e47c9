import Tensors
import Testing

/// MLPs with a depth-wise convolution, computed chunk by chunk in both directions, against their
/// layers one by one.
@Suite(.serialized) struct MixingChainTests {
    /// Sizes of an MLP.
    private struct Network: Sendable {
        let shape: [Int]
        let hidden: Int
        var side = 3

        /// Input, then weight and bias of each layer.
        var inputs: [Tensor] {
            let channels = shape[3]
            return [
                randomTensor(Shape(shape), seed: 1), randomTensor([hidden, channels], seed: 2),
                randomTensor([hidden], seed: 3), randomTensor([side, side, hidden], seed: 4),
                randomTensor([hidden], seed: 5), randomTensor([channels + 3, hidden], seed: 6),
                randomTensor([channels + 3], seed: 7),
            ]
        }

        func chained(_ x: [Tensor]) -> Tensor? {
            x[0].mixed(
                expand: AffineParameters(weight: x[1], bias: x[2]),
                local: AffineParameters(weight: x[3], bias: x[4]),
                contract: AffineParameters(weight: x[5], bias: x[6]))
        }

        func layerByLayer(_ x: [Tensor]) -> Tensor {
            x[0].linear(x[1], bias: x[2])
                .depthwiseConvolved(x[3], bias: x[4], padding: side / 2)
                .geluLinear(x[5], bias: x[6])
        }
    }

    /// Several maps of one band and of two, one map of several, channels and widths that fill no
    /// vector, a 5x5 window.
    private static let networks = [
        Network(shape: [8, 28, 12, 40], hidden: 160),
        Network(shape: [2, 30, 29, 19], hidden: 251),
        Network(shape: [1, 61, 40, 33], hidden: 168),
        Network(shape: [2, 61, 33, 16], hidden: 140, side: 5),
    ]

    @Test(arguments: networks.indices)
    func chainGivesWhatItsLayersGive(index: Int) throws {
        let network = Self.networks[index]
        let inputs = network.inputs
        try #require(network.chained(inputs) != nil)
        let chained = valuesAndGradients(inputs) { network.chained($0) ?? $0[0] }
        let layers = valuesAndGradients(inputs, network.layerByLayer)
        #expect(chained.map(\.shape) == layers.map(\.shape))
        for (index, (actual, expected)) in zip(chained, layers).enumerated() {
            let error = relativeError(actual.elements, expected.elements.map(Double.init))
            #expect(error <= 3e-6, "result \(index)")
        }
    }

    @Test(arguments: [0, 2])
    func chainDoesNotDependOnThreads(index: Int) {
        let network = Self.networks[index]
        expectSameBitsForAnyThreadCount {
            valuesAndGradients(network.inputs) { network.chained($0) ?? $0[0] }
        }
    }

    @Test func smallMapsStayLayers() {
        let network = Network(shape: [4, 14, 14, 160], hidden: 640)
        #expect(network.chained(network.inputs) == nil)
    }

    @Test func frozenParametersGetNoGradient() {
        let network = Self.networks[0]
        var inputs = network.inputs
        let sink = GradientSink()
        let (output, tape) = Tape.record {
            inputs[5] = inputs[5].leaf(sink)
            return network.chained(inputs) ?? inputs[0]
        }
        tape.backward(from: [(output, randomTensor(output.shape, seed: 98))])
        #expect(sink.value?.shape == inputs[5].shape)
    }
}
