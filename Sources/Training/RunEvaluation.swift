import Annotations
import Evaluation
import Foundation
import JSONText
import Prediction

/// Scores the best weights of a run on one of its splits and keeps the results in its folder.
public struct RunEvaluation: Sendable {
    /// The truth that was scored against.
    public let truth: COCODataset
    /// The numbers.
    public let result: COCOResult
    /// Why all twelve numbers are 0 or -1, if so.
    public let explanation: String?

    /// Predicts and scores a split, and writes `eval/SPLIT.json` and `eval/report.html`.
    ///
    /// - Parameters:
    ///   - run: The run folder.
    ///   - splitName: `train`, `val` or `test`.
    ///   - overrides: `data.root=PATH` and the like, over the run's configuration.
    ///   - parameters: What is measured.
    ///   - warnings: Collects what is odd.
    /// - Throws: Errors that name what cannot be used.
    public init(
        run: String, split splitName: String, overrides: [String], parameters: COCOParameters,
        warnings: Warnings
    ) throws {
        let folder = RunFolder(path: run)
        let settings = try Self.configuration(of: folder, overrides)
        let trained = try TrainedDetector(path: RunWeights.path(inRun: run))
        guard let paths = settings.data.split(named: splitName),
            let split = try TrainingData.scored(
                paths, settings.data, classes: trained.classes, warnings: warnings)
        else {
            throw WorkError(
                what: "the run has no split \"\(splitName)\"", place: folder.configuration,
                fix: "use train, val or test, or set data.\(splitName).annotations")
        }
        let outcome = try SplitEvaluation.run(
            trained, on: split, workers: settings.data.workers, parameters: parameters,
            warnings: warnings)
        truth = split.truth
        result = outcome.result
        explanation = outcome.result.explanation(
            truth: split.truth, detections: outcome.detections)
        if let explanation {
            let file = settings.data.resolved(paths.annotations)
            warnings.add(.nothingScored(explanation, place: file))
        }
        try folder.prepareEvaluation()
        try folder.write(
            json.text(.pretty) + "\n", to: folder.evaluation + "/\(splitName).json")
        try folder.write(
            EvaluationReport(result, truth: truth, explanation: explanation)
                .html(title: "\(run), \(splitName)"), to: folder.evaluation + "/report.html")
    }

    /// The numbers as a JSON document, with the reason if there is none above 0.
    public var json: JSONValue {
        var object = result.json.object ?? JSONObject()
        if let explanation { object["reason"] = JSONValue(.string(explanation)) }
        return JSONValue(.object(object))
    }

    private static func configuration(of folder: RunFolder, _ overrides: [String]) throws
        -> RunSettings
    {
        guard folder.exists else {
            throw WorkError(
                what: "this is no run folder: it has no config.json", place: folder.path,
                fix: "give a folder that `cvsuite train` wrote")
        }
        return try RunConfiguration(path: folder.configuration, overrides: overrides).settings
    }
}
