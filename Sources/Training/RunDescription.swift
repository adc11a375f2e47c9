import Annotations
import Catalogue
import Datasets
import Detection
import Foundation
import JSONText
import Layers
import Parallelism
import Prediction
import Tensors

/// What is said of a run before its first step.
enum RunDescription {
    /// The text of `config.json`: all values, and how the run was started.
    ///
    /// - Parameters:
    ///   - configuration: All values.
    ///   - details: Versions and command line.
    /// - Returns: JSON text.
    static func text(_ configuration: JSONValue, _ details: [String: String]) -> String {
        var object = configuration.object ?? JSONObject()
        var run = JSONObject()
        for key in details.keys.sorted() { run[key] = details[key].map { JSONValue(.string($0)) } }
        object["_run_"] = JSONValue(.object(run))
        return JSONValue(.object(object)).text(.pretty) + "\n"
    }

    /// Lines for the log: model, data, machine and forecast of memory.
    ///
    /// - Parameter trainer: The run.
    /// - Returns: The lines.
    static func lines(_ trainer: DetectionTrainer) -> [String] {
        let detector = trainer.trained.detector
        let preprocessing = trainer.configuration.settings.preprocessing
        let operations = trainer.graph.multiplyAdds
        let validation = trainer.data.validation?.set
        var lines = [
            "model: \(detector.configuration.backboneName) + "
                + "\(detector.configuration.neck.name) + \(detector.configuration.head.name), "
                + "\(detector.store.parameterCount) parameters, "
                + String(format: "%.3f G multiply-adds at ", Double(operations) / 1e9)
                + "\(preprocessing.height)x\(preprocessing.width)",
            "classes: " + trainer.data.classes.names.joined(separator: ", "),
            "training: \(trainer.data.training.items.count) images, "
                + "\(trainer.data.training.objectCount) objects",
            validation.map { "validation: \($0.items.count) images, \($0.objectCount) objects" }
                ?? "validation: none",
            "steps: \(trainer.stepsPerEpoch) an epoch, \(trainer.totalSteps) in all",
            "threads: \(WorkerPool.shared.threadCount), kernels: \(kernelName)",
        ]
        for group in trainer.warnings.groups {
            guard let first = group.shown.first else { continue }
            lines.append("data: \(group.count) x \(first.kind): \(first.what)")
        }
        lines.append(trainer.memoryForecast.line)
        return lines + partialWeights(trainer.passedOver)
    }

    /// What initial weights left as it was: ten names and the count of the others.
    private static func partialWeights(_ passedOver: [String]) -> [String] {
        let shown = passedOver.prefix(10).map { "initial weights, \($0)" }
        let others = passedOver.count - shown.count
        return others > 0 ? shown + ["initial weights, \(others) more that do not fit"] : shown
    }

    private static var kernelName: String { KernelChoice.name }
}

extension DetectionTrainer {
    /// The model's operations on one image of the configured size.
    var graph: Graph {
        let preprocessing = configuration.settings.preprocessing
        return trained.detector.trace([1, preprocessing.height, preprocessing.width, 3])
    }

    /// How much memory the run takes.
    var memoryForecast: MemoryForecast {
        let weights = trained.detector.store.parameters.reduce(0) { $0 + $1.value.count }
        return MemoryForecast(
            graph, weights: weights, batchSize: settings.batchSize,
            place: "training.batch_size, preprocessing.height and width")
    }

    /// What a log says of the whole run at its end.
    ///
    /// - Returns: Lines with the best metric and where the weights are.
    public func closingLines() -> [String] {
        guard state.bestEpoch > 0 else { return ["weights: \(folder.lastWeights)"] }
        return [
            String(format: "best: AP %.4f after epoch \(state.bestEpoch)", state.bestMetric),
            "weights: \(folder.bestWeights)",
        ]
    }
}
