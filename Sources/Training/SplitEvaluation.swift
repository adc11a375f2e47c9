import Annotations
import Datasets
import Evaluation
import Imaging
import JSONText
import Prediction

/// Scores a detector on a split: the same predictor as `predict`, the same evaluator as `eval`.
public enum SplitEvaluation {
    /// What a split's evaluation gives.
    public struct Outcome: Sendable {
        /// The COCO numbers.
        public let result: COCOResult
        /// The detections that were scored.
        public let detections: [COCODetection]
    }

    /// Predicts all images of a split and scores the detections.
    ///
    /// - Parameters:
    ///   - trained: The detector with the weights to score.
    ///   - split: Images and truth.
    ///   - workers: Threads that decode ahead.
    ///   - parameters: What is measured.
    ///   - warnings: Collects what is odd, undecodable images among it.
    ///   - isCancelled: Asked before each image.
    /// - Returns: Numbers and detections.
    /// - Throws: `EvaluationError` when the truth cannot be scored, `CancellationError` once
    ///   `isCancelled` says so.
    public static func run(
        _ trained: TrainedDetector, on split: TrainingData.ScoredSplit, workers: Int,
        parameters: COCOParameters = COCOParameters(.bbox), warnings: Warnings,
        isCancelled: () -> Bool = { false }
    ) throws -> Outcome {
        let predictor = DetectionPredictor(trained)
        let loader = EvaluationLoader(
            split.set.items, preprocessing: trained.preprocessing, workers: workers)
        var detections: [COCODetection] = []
        while let element = loader.next() {
            if isCancelled() { throw CancellationError() }
            switch element.input {
            case .success(let input):
                detections += predictor.entries(
                    predictor(input), imageID: element.item.imageID)
            case .failure(let error):
                warnings.add(
                    Warning(
                        kind: "image-undecodable", what: error.what, place: element.item.path,
                        fix: "it counts as an image without detections"))
            }
        }
        let result = try Evaluation.evaluate(
            truth: split.truth, detections: detections, parameters: parameters,
            warnings: warnings)
        return Outcome(result: result, detections: detections)
    }
}
