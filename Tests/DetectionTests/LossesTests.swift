import Foundation
import Tensors
import TestSupport
import Testing

@testable import Detection

/// Every loss and its gradient against mmdetection's modules.
struct LossesTests {
    private let golden: DetectionCase
    private let averageFactor: Float = 3.5

    init() throws { golden = try DetectionCase("piece_losses") }

    /// Computes a loss on the tape and compares value and gradient.
    private func expect(_ name: String, of input: Tensor, _ loss: (Tensor) -> Tensor) throws {
        let sink = GradientSink()
        let (value, tape) = Tape.record { loss(input.leaf(sink)) }
        tape.backward(from: value)
        expectClose(
            [value.scalar], [try golden.scalar("train." + name)], relative: 1e-5, name)
        expectClose(
            sink.value?.elements ?? [], try golden.floats("grad." + name), relative: 1e-5,
            "gradient of " + name)
    }

    private var labels: [Int32] {
        get throws { try golden.integers("input.labels").map { Int32($0) } }
    }

    private var weights: [Float] { get throws { try golden.floats("input.weights") } }

    @Test func focalLossIsTheReference() throws {
        let (labels, weights) = (try labels, try weights)
        try expect("focal", of: golden.tensor("input.logits")) {
            SigmoidFocalLoss()(
                $0, classes: 4, labels: labels, weights: weights, averageFactor: averageFactor)
        }
        var other = SigmoidFocalLoss()
        (other.gamma, other.alpha, other.lossWeight) = (1.5, 0.4, 2)
        try expect("focal_g15_a4", of: golden.tensor("input.logits")) {
            other($0, classes: 4, labels: labels, averageFactor: averageFactor)
        }
    }

    @Test func qualityFocalLossIsTheReference() throws {
        let (labels, weights) = (try labels, try weights)
        let qualities = try golden.floats("input.quality")
        try expect("qfl", of: golden.tensor("input.logits")) {
            QualityFocalLoss()(
                $0, labels: labels, qualities: qualities, weights: weights,
                averageFactor: averageFactor)
        }
    }

    @Test(arguments: ["giou", "iou_log", "iou_linear"])
    func boxLossIsTheReference(_ name: String) throws {
        var loss = BoxLoss(type: name == "iou_linear" ? .linearIoU : .iou)
        if name == "giou" {
            loss = BoxLoss(type: .giou, lossWeight: 2)
            loss.eps = 1e-7
        }
        let (weights, targets) = (try weights, try golden.boxes("input.target_boxes"))
        try expect(name, of: golden.tensor("input.boxes")) {
            loss($0, targets: targets, weights: weights, averageFactor: averageFactor)
        }
    }

    @Test(arguments: [("l1", 0), ("smooth_l1_beta1", 1)] as [(String, Float)])
    func regressionLossIsTheReference(_ name: String, _ beta: Float) throws {
        let (weights, targets) = (try weights, try golden.floats("input.target_boxes"))
        try expect(name, of: golden.tensor("input.boxes")) {
            RegressionLoss(beta: beta)(
                $0, targets: targets, weights: weights, averageFactor: averageFactor)
        }
    }

    @Test func smoothL1WithASmallBetaIsTheReference() throws {
        let weights = try weights
        let targets = try golden.floats("input.target_boxes").map { $0 / 20 }
        let boxes = try golden.tensor("input.boxes")
        try expect("smooth_l1_beta_ninth", of: boxes) {
            RegressionLoss(beta: 1.0 / 9)(
                $0.multiplied(by: 1.0 / 20), targets: targets, weights: weights,
                averageFactor: averageFactor)
        }
    }

    @Test func binaryCrossEntropyIsTheReference() throws {
        let targets = try golden.floats("input.quality")
        try expect("bce_centerness", of: golden.tensor("input.centerness_logits")) {
            BinaryCrossEntropy()($0, targets: targets, averageFactor: averageFactor)
        }
    }

    @Test func distributionFocalLossIsTheReference() throws {
        let (weights, targets) = (try weights, try golden.floats("input.distance_targets"))
        try expect("dfl", of: golden.tensor("input.distribution")) {
            DistributionFocalLoss()(
                $0, targets: targets, weights: weights, averageFactor: averageFactor)
        }
    }

    @Test(arguments: [Float(2), 0, 1, 3.5]) func lanesAgreeWithLibraryFunctions(_ gamma: Float) {
        let logits = (-400...400).map { Float($0) * 0.25 }
        for x in logits {
            let terms = FocalLanes(gamma: gamma).terms(FocalLanes.Lanes(repeating: x))
            let wide = Double(x)
            let p = 1 / (1 + exp(-wide))
            let softplus = max(wide, 0) + log1p(exp(-abs(wide)))
            let power = pow(p, Double(gamma))
            let value = softplus * power
            let derivative = power * (p + Double(gamma) * (1 - p) * softplus)
            #expect(abs(Double(terms.value[0]) - value) <= 1e-5 * value + 1e-30)
            #expect(abs(Double(terms.derivative[0]) - derivative) <= 1e-5 * derivative + 1e-30)
        }
    }

    @Test(arguments: [1, 3, 7, 8, 80, 5000]) func rowsThatTakeNoPartHaveNoGradient(_ classes: Int) {
        let rows = 11
        let logits = Tensor(shape: [rows, classes], uniform("logits", rows * classes))
        let labels = (0..<rows).map { Int32($0 % 3 == 0 ? -1 : $0 % (classes + 1)) }
        let sink = GradientSink()
        let (loss, tape) = Tape.record {
            SigmoidFocalLoss()(
                logits.leaf(sink), classes: classes, labels: labels, averageFactor: 1)
        }
        tape.backward(from: loss)
        #expect(loss.scalar > 0)
        for (index, slope) in (sink.value?.elements ?? []).enumerated() {
            #expect((labels[index / classes] == -1) == (slope == 0))
        }
    }
}
