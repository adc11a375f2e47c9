import Catalogue
import Detection
import JSONText
import Layers
import Tensors
import TestSupport
import Testing

/// A detector as small as it can be, with changes to its head.
private func configuration(_ testCfg: String = "{}") throws -> DetectorConfiguration {
    let text = """
        {
          "backbone": {
            "name": "van", "embed_dims": [8, 8, 16, 16], "depths": [1, 1, 1, 1],
            "mlp_ratios": [1, 1, 1, 1]
          },
          "neck": {"name": "fpn", "out_channels": 8, "num_outs": 5},
          "head": {
            "name": "atss", "stacked_convs": 1, "feat_channels": 8,
            "norm_cfg": {"type": "GN", "num_groups": 2}, "test_cfg": \(testCfg)
          }
        }
        """
    return try DetectorConfiguration(
        from: JSONValue(parsing: JSONSource(text: text, name: "a.json")))
}

private func suppression(_ testCfg: String) throws -> SuppressionConfiguration? {
    guard case .atss(let settings) = try configuration(testCfg).head else { return nil }
    return settings.testCfg.nms
}

@Suite struct DetectorTests {
    @Test func suppressionIsChosenByTheConfig() throws {
        #expect(try suppression("{}") == SuppressionConfiguration(iouThreshold: 0.6))
        let hard = try suppression("{\"nms\": {\"type\": \"nms\", \"iou_threshold\": 0.7}}")
        #expect(hard == SuppressionConfiguration(iouThreshold: 0.7))
        let soft = try suppression(
            """
            {"nms": {"type": "soft_nms", "iou_threshold": 0.3, "sigma": 0.4, "min_score": 0.01,
             "method": "gaussian"}}
            """)
        var expected = SuppressionConfiguration(iouThreshold: 0.3)
        expected.type = .softNms
        expected.sigma = 0.4
        expected.minScore = 0.01
        expected.method = .gaussian
        #expect(soft == expected)
    }

    @Test(arguments: [
        ("{\"nms\": {\"iou_threshold\": 2}}", "head.test_cfg.nms.iou_threshold"),
        ("{\"nms\": {\"type\": \"soft\"}}", "head.test_cfg.nms.type"),
        ("{\"nms\": {\"methods\": \"linear\"}}", "head.test_cfg.nms"),
        ("{\"iou_threshold\": 0.5}", "head.test_cfg"),
    ]) func suppressionThatCannotWorkIsRefusedWhereItStands(text: String, place: String) {
        let error = #expect(throws: (any Error).self) { try configuration(text) }
        let described = error as? any DescribedError
        #expect(described?.place.contains(place) == true, "\(described?.place ?? "")")
    }

    @Test func frozenStagesAreThoseOfTheBackboneFromTheImageOn() throws {
        let detector = try Detector(configuration(), classCount: 2, seed: 1)
        let buffers = detector.store.parameters.filter { $0.role == .buffer }
        let before = buffers.map(\.value.elements)
        try detector.freezeStages(2)
        let (output, tape) = Tape.record {
            detector(filled("input", [1, 64, 64, 3]), Context(.training))
        }
        tape.backward(
            from: output.tensors.map { ($0, Tensor(shape: $0.shape, repeating: 1)) })
        let frozen = ["1", "2"].flatMap { stage in
            ["patch_embed", "block", "norm"].map { "backbone.\($0)\(stage)." }
        }
        func isFrozen(_ name: String) -> Bool { frozen.contains { name.hasPrefix($0) } }
        for parameter in detector.store.parameters
        where parameter.name.hasPrefix("backbone.") && parameter.fileShape.count > 1
            && [.weight, .undecayed].contains(parameter.role)
        {
            let hasGradient = parameter.gradient.value != nil
            #expect(hasGradient != isFrozen(parameter.name), "\(parameter.name)")
        }
        for (buffer, before) in zip(buffers, before) {
            #expect((buffer.value.elements == before) == isFrozen(buffer.name), "\(buffer.name)")
        }
    }

    @Test func stageThatDoesNotExistIsRefused() throws {
        let detector = try Detector(configuration(), classCount: 2, seed: 1)
        let error = #expect(throws: ConfigurationError.self) { try detector.freezeStages(5) }
        #expect(error?.place == "training.frozen_stages")
        #expect(error?.fix == "give a number from 0 to 4")
    }
}
