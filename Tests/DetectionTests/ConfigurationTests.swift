import Layers
import Testing

@testable import Detection

/// Settings that cannot work are refused with the field's name.
struct ConfigurationTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let place: String
        let change: @Sendable (inout ATSSConfiguration) -> Void
        var testDescription: String { place }
    }

    static let faults = [
        Fault(place: "stacked_convs") { $0.stackedConvs = -1 },
        Fault(place: "feat_channels") { $0.featChannels = 0 },
        Fault(place: "norm_cfg.num_groups") { $0.featChannels = 40 },
        Fault(place: "norm_cfg.num_groups") { $0.normCfg.numGroups = 0 },
        Fault(place: "anchor_generator.ratios") { $0.anchorGenerator.ratios = [-1] },
        Fault(place: "anchor_generator.octave_base_scale") {
            $0.anchorGenerator.octaveBaseScale = .nan
        },
        Fault(place: "bbox_coder.target_stds") { $0.bboxCoder.targetStds = [1, 1, 1] },
        Fault(place: "assigner.topk") { $0.assigner.topk = 0 },
        Fault(place: "assigner.topk") { $0.assigner.topk = .max },
        Fault(place: "loss_cls.alpha") { $0.lossCls.alpha = 2 },
        Fault(place: "loss_bbox.loss_weight") { $0.lossBbox.lossWeight = -.infinity },
        Fault(place: "test_cfg.nms_pre") { $0.testCfg.nmsPre = -3 },
        Fault(place: "test_cfg.score_thr") { $0.testCfg.scoreThr = 1.5 },
        Fault(place: "test_cfg.nms.iou_threshold") { $0.testCfg.nms.iouThreshold = 1.5 },
        Fault(place: "test_cfg.nms.sigma") { $0.testCfg.nms.sigma = 0 },
        Fault(place: "test_cfg.nms.min_score") { $0.testCfg.nms.minScore = .nan },
        Fault(place: "test_cfg.max_per_img") { $0.testCfg.maxPerImg = 0 },
    ]

    @Test(arguments: faults) func fieldOutOfRangeIsNamed(_ fault: Fault) {
        var configuration = ATSSConfiguration()
        fault.change(&configuration)
        let error = #expect(throws: DetectionError.self) { try configuration.validate() }
        #expect(error?.place == fault.place)
    }

    @Test func defaultsAreValid() {
        #expect(throws: Never.self) {
            try ATSSConfiguration().validate()
            try FCOSConfiguration().validate()
            try FPNConfiguration().validate()
        }
    }

    @Test func rangesThatDoNotFitTheLevelsAreRefused() {
        let inputs = (0..<4).map { FeatureSpec(stride: 8 << $0, channels: 256) }
        let error = #expect(throws: DetectionError.self) {
            _ = try FCOSHead(
                ParameterScope(ParameterStore()), FCOSConfiguration(), inputs: inputs,
                classCount: 1)
        }
        #expect(error?.place == "regress_ranges")
    }

    @Test func mapsOfDifferentChannelsAreRefused() {
        let inputs = [
            FeatureSpec(stride: 8, channels: 64), FeatureSpec(stride: 16, channels: 128),
        ]
        let error = #expect(throws: DetectionError.self) {
            _ = try ATSSHead(
                ParameterScope(ParameterStore()), ATSSConfiguration(), inputs: inputs,
                classCount: 1)
        }
        #expect(error?.fix.contains("FPN") == true)
    }
}
