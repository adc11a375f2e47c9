import TestSupport
import Testing

@testable import Detection

/// Suppression against mmcv's operators.
struct SuppressionTests {
    @Test(arguments: ["nms_plain", "nms_classwise", "nms_agnostic", "nms_ties"])
    func greedySuppressionIsTheReference(_ name: String) throws {
        let golden = try DetectionCase(name)
        let suppression = NonMaximumSuppression(iouThreshold: 0.5)
        let labels = name == "nms_classwise" ? try golden.integers("input.labels") : nil
        let kept = suppression(
            try golden.boxes("input.boxes"), scores: try golden.floats("input.scores"),
            labels: labels)
        #expect(kept == (try golden.integers("eval.keep")))
    }

    @Test func suppressionByClassIsTheReference() throws {
        let golden = try DetectionCase("nms_multiclass")
        let result = MultiClassSuppression(
            scoreThreshold: 0.1,
            suppression: NonMaximumSuppression(iouThreshold: 0.4, limit: 25))(
                MultiClassSuppression.Input(
                    boxes: try golden.boxes("input.multi_boxes"),
                    scores: try golden.floats("input.multi_scores"), classCount: 4,
                    factors: try golden.floats("input.score_factors")))
        #expect(result.indices == (try golden.integers("eval.inds")))
        #expect(result.detections.labels == (try golden.integers("eval.labels")))
        let rows = zip(result.detections.boxes, result.detections.scores).flatMap {
            [$0.x1, $0.y1, $0.x2, $0.y2, $1]
        }
        expectClose(rows, try golden.floats("eval.dets"), relative: 1e-5)
    }

    @Test(
        arguments: [
            ("nms_soft_linear", .linear(iouThreshold: 0.3)),
            ("nms_soft_gaussian", .gaussian(sigma: 0.5)),
            ("nms_soft_naive", .hard(iouThreshold: 0.3)),
            ("nms_soft_classwise", .gaussian(sigma: 0.5)),
        ] as [(String, SoftSuppression.Decay)])
    func softSuppressionIsTheReference(_ name: String, _ decay: SoftSuppression.Decay) throws {
        let golden = try DetectionCase(name)
        let labels = name == "nms_soft_classwise" ? try golden.integers("input.labels") : nil
        let result = SoftSuppression(decay: decay, leastScore: 0.2)(
            try golden.boxes("input.boxes"), scores: try golden.floats("input.scores"),
            labels: labels)
        #expect(result.indices == (try golden.integers("eval.keep")))
        let rows = try golden.floats("eval.dets")
        expectClose(
            result.scores, stride(from: 4, to: rows.count, by: 5).map { rows[$0] },
            relative: 1e-5)
    }

    @Test func keptBoxesOverlapLittleAndDroppedOnesOverlapABetterOne() {
        let values = uniform("boxes", 800)
        let boxes = (0..<200).map { index in
            let x = values[4 * index..<4 * index + 4].map { 20 * ($0 + 1) }
            return Box(x1: x[0], y1: x[1], x2: x[0] + x[2], y2: x[1] + x[3])
        }
        let scores = uniform("scores", 200).map { ($0 + 1) / 2 }
        let labels = (0..<200).map { $0 % 3 }
        let kept = NonMaximumSuppression(iouThreshold: 0.4)(boxes, scores: scores, labels: labels)
        let keptSet = Set(kept)
        for index in boxes.indices {
            let hasBetter = kept.contains {
                labels[$0] == labels[index] && scores[$0] > scores[index]
                    && Overlap.iou(boxes[$0], boxes[index]) > 0.4
            }
            #expect(hasBetter != keptSet.contains(index))
        }
    }

    @Test func scoresThatAreNoNumbersComeLast() {
        #expect(NonMaximumSuppression.order([.nan, 0.2, .nan, 0.9]) == [3, 1, 0, 2])
    }
}
