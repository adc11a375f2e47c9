import Backbones
import Catalogue
import Checkpoints
import JSONText
import Layers
import TestSupport
import Testing

@testable import Training

/// What a run takes from the weights that it begins from.
@Suite struct InitialWeightsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The smallest settings of each family.
    static let families = [
        """
        {"name": "van", "embed_dims": [8, 8, 16, 16], "depths": [1, 1, 1, 1],
         "mlp_ratios": [1, 1, 1, 1]
        """,
        """
        {"name": "davit", "embed_dims": [8, 8, 16, 16], "num_heads": [1, 1, 2, 2],
         "depths": [1, 1, 1, 1], "mlp_ratio": 1
        """,
        """
        {"name": "shvit", "embed_dim": [8, 16, 24], "partial_dim": [4, 4, 8],
         "depth": [1, 1, 1], "types": ["i", "s", "s"]
        """,
        """
        {"name": "biformer", "embed_dim": [16, 32, 32, 64], "qk_dims": [16, 32, 32, 64],
         "depth": [1, 1, 1, 1], "mlp_ratios": [1, 1, 1, 1], "head_dim": 16
        """,
        """
        {"name": "biformer_stl", "embed_dim": [16, 32, 32, 64], "depth": [1, 1, 1, 1],
         "mlp_ratios": [1, 1, 1, 1], "head_dim": 16
        """,
        """
        {"name": "bevanet", "planes": 2, "n_blocks": [1, 1, 1, 1, 1],
         "semantic_kernel_size": [0, 7, 7], "detail_kernel_size": [0, 7]
        """,
    ]

    /// A detector on a backbone.
    private func detector(_ backbone: String, seed: UInt64) throws -> Detector {
        let text = """
            {"backbone": \(backbone)},
             "neck": {"name": "fpn", "out_channels": 8, "num_outs": 4},
             "head": {"name": "atss", "stacked_convs": 1, "feat_channels": 8,
                      "norm_cfg": {"type": "GN", "num_groups": 2}}}
            """
        let value = try JSONValue(parsing: JSONSource(text: text, name: "a.json"))
        return try Detector(DetectorConfiguration(from: value), classCount: 2, seed: seed)
    }

    /// The weights of a classifier on the same backbone, as its authors would publish them.
    private func classifier(_ backbone: String, classes: Int = 5) throws -> String {
        let text = backbone + ", \"num_classes\": \(classes)}"
        let settings = try BackboneCatalogue.configuration(
            JSONValue(parsing: JSONSource(text: text, name: "a.json")))
        let store = ParameterStore(seed: 9)
        _ = settings.build(ParameterScope(store))
        let path = folder.path("weights.safetensors")
        var writer = SafetensorsWriter()
        try writer.add(ParameterScope(store).namedTensors)
        try writer.write(to: path)
        return path
    }

    private func settings(_ path: String, isPartial: Bool = false) -> TrainingConfiguration {
        var settings = TrainingConfiguration()
        settings.initialWeights = path
        settings.partialWeights = isPartial
        return settings
    }

    @Test(arguments: families) func classifierOfEachFamilyFillsTheBackbone(
        backbone: String
    ) throws {
        let path = try classifier(backbone)
        let filled = try detector(backbone, seed: 1)
        #expect(try InitialWeights.load(settings(path), into: filled).isEmpty)
        let file = try SafetensorsFile(path: path)
        let fresh = try detector(backbone, seed: 1)
        for (parameter, initial) in zip(filled.store.parameters, fresh.store.parameters) {
            let own = parameter.name.hasPrefix("backbone.") ? parameter.name.dropFirst(9) : ""
            let isGiven = file[String(own)] != nil && parameter.role != .counter
            let expected = isGiven ? try file.floats(String(own)) : initial.fileElements
            #expect(parameter.fileElements == expected, "\(parameter.name)")
        }
    }

    @Test func weightsOfAnotherDepthAreTakenInPartOnlyWhenAsked() throws {
        let deeper = Self.families[0].replacing("[1, 1, 1, 1],", with: "[1, 2, 1, 1],")
        let path = try classifier(Self.families[0])
        let detector = try detector(deeper, seed: 1)
        let before = detector.store.parameters.map(\.fileElements)
        #expect(throws: CatalogueError.self) {
            try InitialWeights.load(settings(path), into: detector)
        }
        #expect(detector.store.parameters.map(\.fileElements) == before)
        let passedOver = try InitialWeights.load(
            settings(path, isPartial: true), into: detector)
        #expect(!passedOver.isEmpty)
        #expect(passedOver.allSatisfy { $0.hasPrefix("missing: block2.1.") })
    }

    @Test func detectorOfOtherClassesIsTakenInPartOnlyWhenAsked() throws {
        let source = try detector(Self.families[0], seed: 2)
        let path = folder.path("detector.safetensors")
        var writer = SafetensorsWriter()
        try writer.add(ParameterScope(source.store).namedTensors)
        try writer.write(to: path)
        let target = try Detector(source.configuration, classCount: 3, seed: 1)
        #expect(throws: LoadingError.self) {
            try InitialWeights.load(settings(path), into: target)
        }
        let passedOver = try InitialWeights.load(settings(path, isPartial: true), into: target)
        #expect(
            passedOver == [
                "other shape: bbox_head.atss_cls.weight is [2, 8, 3, 3], the model has [3, 8, 3, 3]",
                "other shape: bbox_head.atss_cls.bias is [2], the model has [3]",
            ])
    }

    @Test func partOfNoFileIsRefused() {
        #expect(throws: ConfigurationError.self) {
            try settings("", isPartial: true).validate()
        }
    }
}
