import Checkpoints
import Layers
import Tensors
import TestSupport
import Testing

@testable import Detection

/// SHViT's feature pyramid against its authors'.
struct EfficientViTFPNTests {
    /// A case of the reference with the constructor's arguments.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let configuration: EfficientViTFPNConfiguration
        var testDescription: String { name }

        init(_ name: String, transposed: Int, _ extra: FPNConfiguration.ExtraConvolutions) {
            self.name = "piece_shvit_" + name
            var configuration = EfficientViTFPNConfiguration()
            configuration.outChannels = 4
            configuration.numExtraTransConvs = transposed
            configuration.addExtraConvs = extra
            self.configuration = configuration
        }
    }

    static let cases = [
        Case("fpn_retinanet", transposed: 1, .onInput),
        Case("fpn_maxpool", transposed: 1, .none),
        Case("fpn_maskrcnn", transposed: 2, .none),
    ]

    private static func model(
        _ golden: DetectionCase, _ configuration: EfficientViTFPNConfiguration
    )
        throws -> (store: ParameterStore, neck: EfficientViTFPN)
    {
        let store = ParameterStore()
        let features = try inputs(golden).enumerated().map {
            FeatureSpec(stride: 16 << $0.offset, channels: $0.element.shape.channels)
        }
        let neck = try EfficientViTFPN(ParameterScope(store), configuration, inputs: features)
        try golden.loadWeights(into: store)
        return (store, neck)
    }

    private static func inputs(_ golden: DetectionCase) throws -> [Tensor] {
        try (0..<3).map { try golden.map("input.\($0)") }
    }

    @Test(arguments: cases) func trainingPassIsTheAuthors(_ example: Case) throws {
        let golden = try DetectionCase(example.name)
        let (store, neck) = try Self.model(golden, example.configuration)
        let sinks = (0..<3).map { _ in GradientSink() }
        let (outputs, tape) = try Tape.record {
            neck(zip(try Self.inputs(golden), sinks).map { $0.leaf($1) }, Context(.training))
        }
        #expect(outputs.count == 5)
        for (index, output) in outputs.enumerated() {
            let expected = try golden.map("train.out\(index)")
            #expect(output.shape == expected.shape)
            expectClose(output.elements, expected.elements, relative: 1e-5, "output \(index)")
        }
        tape.backward(
            from: outputs.enumerated().map { index, output in
                let shape = output.channelsFirstShape
                let cotangent = FormulaFill.values("cotangent.out\(index)", shape.dimensions)
                return (output, Tensor(channelsFirst: shape, cotangent))
            })
        try golden.expectGradients(store)
        for (index, sink) in sinks.enumerated() {
            expectClose(
                sink.value?.elements ?? [], try golden.map("grad.input.\(index)").elements,
                relative: 1e-5, "gradient of input \(index)")
        }
    }

    @Test(arguments: cases) func planIsTheAuthors(_ example: Case) throws {
        let golden = try DetectionCase(example.name)
        let (_, neck) = try Self.model(golden, example.configuration)
        let inputs = try Self.inputs(golden)
        let graph = Graph.trace(inputs: inputs.map(\.shape)) { neck($0, Context(.evaluation)) }
        for (index, output) in Plan(graph)(inputs).enumerated() {
            expectClose(
                output.elements, try golden.map("eval.out\(index)").elements, relative: 1e-5,
                "output \(index)")
        }
    }

    @Test(arguments: [(1, [8, 16, 32, 64, 128]), (2, [4, 8, 16, 32, 64])])
    func outputsAreDeclaredWithTheirStrides(transposed: Int, strides: [Int]) throws {
        var configuration = EfficientViTFPNConfiguration()
        configuration.numExtraTransConvs = transposed
        let inputs = (0..<3).map { FeatureSpec(stride: 16 << $0, channels: 8) }
        let neck = try EfficientViTFPN(
            ParameterScope(ParameterStore()), configuration, inputs: inputs)
        #expect(neck.features.map(\.stride) == strides)
        #expect(neck.features.allSatisfy { $0.channels == 256 })
    }

    /// Settings that do not fit three maps of strides 16, 32 and 64, and the field at fault.
    static let misfits: [(place: String, transposed: Int, start: Int, outputs: Int)] = [
        ("num_extra_trans_convs", 5, 0, 9), ("num_extra_trans_convs", -1, 0, 5),
        ("num_outs", 2, 0, 4), ("num_outs", 1, 0, 1), ("start_level", 1, 3, 5),
    ]

    @Test(arguments: misfits) func settingsThatDoNotFitAreRefused(
        place: String, transposed: Int, start: Int, outputs: Int
    ) {
        var configuration = EfficientViTFPNConfiguration()
        configuration.numExtraTransConvs = transposed
        configuration.startLevel = start
        configuration.numOuts = outputs
        let error = #expect(throws: DetectionError.self) {
            try configuration.validate(inputs: [16, 32, 64])
        }
        #expect(error?.place == place)
    }

    @Test func strideThatCannotBeHalvedIsRefused() {
        var configuration = EfficientViTFPNConfiguration()
        configuration.numExtraTransConvs = 3
        configuration.numOuts = 6
        let error = #expect(throws: DetectionError.self) {
            try configuration.validate(inputs: [4, 8, 16])
        }
        #expect(error?.place == "num_extra_trans_convs")
    }
}
