import Checkpoints
import Layers
import Tensors
import TestSupport
import Testing

@testable import Detection

/// The feature pyramid against mmdetection's.
struct FPNTests {
    /// A case of the reference with the constructor's arguments.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let configuration: FPNConfiguration
        var testDescription: String { name }

        init(_ name: String, outputs: Int, _ change: (inout FPNConfiguration) -> Void) {
            self.name = name
            var configuration = FPNConfiguration()
            configuration.outChannels = 8
            configuration.numOuts = outputs
            change(&configuration)
            self.configuration = configuration
        }
    }

    static let cases = [
        Case("fpn_maxpool", outputs: 5) { _ in },
        Case("fpn_on_input", outputs: 5) {
            $0.startLevel = 1
            $0.addExtraConvs = .onInput
        },
        Case("fpn_on_lateral", outputs: 5) {
            $0.startLevel = 1
            $0.addExtraConvs = .onLateral
        },
        Case("fpn_on_output_relu", outputs: 5) {
            $0.startLevel = 1
            $0.addExtraConvs = .onOutput
            $0.reluBeforeExtraConvs = true
        },
        Case("fpn_odd_gn", outputs: 5) {
            $0.startLevel = 1
            $0.addExtraConvs = .onOutput
            $0.normCfg = NormConfiguration(type: .groupNorm, numGroups: 4)
        },
        Case("fpn_odd_bn", outputs: 4) {
            $0.normCfg = NormConfiguration(type: .batchNorm)
            $0.noNormOnLateral = true
            $0.act = .relu
        },
        Case("fpn_end_level", outputs: 2) { $0.endLevel = 1 },
    ]

    private static func inputs(_ golden: DetectionCase) throws -> [Tensor] {
        try (0..<4).map { try golden.map("input.\($0)") }
    }

    private static func model(_ golden: DetectionCase, _ configuration: FPNConfiguration) throws
        -> (store: ParameterStore, neck: FPN)
    {
        let store = ParameterStore()
        let features = try inputs(golden).enumerated().map {
            FeatureSpec(stride: 4 << $0.offset, channels: $0.element.shape.channels)
        }
        let neck = try FPN(ParameterScope(store), configuration, inputs: features)
        try golden.loadWeights(into: store)
        return (store, neck)
    }

    @Test(arguments: cases) func trainingPassIsTheReference(_ example: Case) throws {
        let golden = try DetectionCase(example.name)
        let (store, neck) = try Self.model(golden, example.configuration)
        let sinks = (0..<4).map { _ in GradientSink() }
        let (outputs, tape) = try Tape.record {
            let leaves = zip(try Self.inputs(golden), sinks).map { $0.leaf($1) }
            return neck(leaves, Context(.training))
        }
        #expect(outputs.count == example.configuration.numOuts)
        for (index, output) in outputs.enumerated() {
            expectClose(
                output.elements, try golden.map("train.\(index)").elements, relative: 1e-4,
                "output \(index)")
        }
        tape.backward(
            from: outputs.enumerated().map { index, output in
                let shape = output.channelsFirstShape
                let cotangent = uniform("\(index)", output.count)
                return (output, Tensor(channelsFirst: shape, cotangent))
            })
        try golden.expectGradients(store)
        for (index, sink) in sinks.enumerated() where golden.io["grad.input.\(index)"] != nil {
            let expected = try golden.map("grad.input.\(index)").elements
            let actual = sink.value?.elements ?? expected.map { _ in 0 }
            expectClose(actual, expected, relative: 1e-3, "gradient of input \(index)")
        }
        for name in golden.io.names where name.hasPrefix("after.") {
            let parameter = try #require(store[String(name.dropFirst(6))])
            expectClose(
                parameter.fileElements, try golden.floats(name), relative: 1e-4, name)
        }
    }

    @Test(arguments: cases) func evaluationPassIsTheReference(_ example: Case) throws {
        let golden = try DetectionCase(example.name)
        let (_, neck) = try Self.model(golden, example.configuration)
        let outputs = neck(try Self.inputs(golden), Context(.evaluation))
        for (index, output) in outputs.enumerated() {
            let stored = golden.io["eval.\(index)"] == nil ? "train" : "eval"
            expectClose(
                output.elements, try golden.map("\(stored).\(index)").elements, relative: 1e-4,
                "output \(index)")
        }
    }

    @Test(arguments: cases) func planIsTheReference(_ example: Case) throws {
        let golden = try DetectionCase(example.name)
        let (_, neck) = try Self.model(golden, example.configuration)
        let inputs = try Self.inputs(golden)
        let graph = Graph.trace(inputs: inputs.map(\.shape)) { neck($0, Context(.evaluation)) }
        for (index, output) in Plan(graph)(inputs).enumerated() {
            let stored = golden.io["eval.\(index)"] == nil ? "train" : "eval"
            expectClose(
                output.elements, try golden.map("\(stored).\(index)").elements, relative: 1e-4,
                "output \(index)")
        }
    }

    @Test func outputsAreDeclaredWithTheirStrides() throws {
        var configuration = FPNConfiguration()
        configuration.startLevel = 1
        configuration.addExtraConvs = .onOutput
        let inputs = (0..<4).map { FeatureSpec(stride: 4 << $0, channels: 8) }
        let neck = try FPN(ParameterScope(ParameterStore()), configuration, inputs: inputs)
        #expect(neck.features.map(\.stride) == [8, 16, 32, 64, 128])
        #expect(neck.features.allSatisfy { $0.channels == 256 })
    }

    @Test(arguments: [
        ("start_level", 4, -1, 5), ("end_level", 0, 4, 5), ("num_outs", 0, -1, 3),
        ("num_outs", 0, 1, 3),
    ])
    func settingsThatDoNotFitTheBackboneAreRefused(
        _ place: String, _ start: Int, _ end: Int, _ outputs: Int
    ) {
        var configuration = FPNConfiguration()
        configuration.startLevel = start
        configuration.endLevel = end
        configuration.numOuts = outputs
        let error = #expect(throws: DetectionError.self) {
            try configuration.validate(inputCount: 4)
        }
        #expect(error?.place == place)
    }
}
