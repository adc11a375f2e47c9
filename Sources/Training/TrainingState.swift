import Checkpoints
import Foundation
import Layers
import Prediction
import Tensors

/// The state of a run beside its weights file: all that resuming needs, in one file.
///
/// Data order and everything random follow from seed and step, so that the step alone stands for
/// them. Tensors are `weights.NAME`, `average.NAME` and the optimiser's moments.
struct TrainingState {
    /// Steps done.
    var step = 0
    /// Changes of the weights done.
    var updates = 0
    /// Best metric so far and its epoch; -1 before the first evaluation.
    var bestMetric = -1.0
    /// Epoch of the best metric.
    var bestEpoch = 0
    /// Whether the epoch that ended last is still to be evaluated.
    var isEvaluationDue = false
    /// The configuration of the run as text.
    var configuration = ""

    /// Writes the state as a whole or not at all.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - store: The model.
    ///   - optimizer: Its moments.
    ///   - average: The averaged weights, if there are any.
    /// - Throws: `FileError` when the file cannot be written.
    func write(
        to path: String, _ store: ParameterStore, _ optimizer: Optimizer, _ average: WeightAverage?
    ) throws {
        var writer = SafetensorsWriter(metadata: [
            "step": String(step), "updates": String(updates), "best_metric": String(bestMetric),
            "best_epoch": String(bestEpoch), "evaluation_due": String(isEvaluationDue),
            "config": configuration,
        ])
        let weights = store.parameters.map { (name: $0.name, value: $0.value) }
        try Self.add(weights, "weights.", to: &writer)
        try Self.add(optimizer.tensors, "", to: &writer)
        if let average { try Self.add(average.tensors, "average.", to: &writer) }
        try writer.write(to: path)
    }

    private static func add(
        _ tensors: [(name: String, value: Tensor)], _ prefix: String,
        to writer: inout SafetensorsWriter
    ) throws {
        for (name, value) in tensors {
            try writer.add(prefix + name, shape: value.shape.dimensions, value.elements)
        }
    }

    /// Reads a state and puts it into a model, its optimiser and its average.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - store: The model.
    ///   - optimizer: Its optimiser.
    ///   - average: The averaged weights, if the run has them.
    /// - Returns: The rest of the state.
    /// - Throws: `SafetensorsError` or `WorkError` when the file does not fit.
    static func restore(
        from file: SafetensorsFile, _ store: ParameterStore, _ optimizer: Optimizer,
        _ average: WeightAverage?
    ) throws -> TrainingState {
        let state = try read(file)
        func tensor(_ name: String, _ shape: Shape) throws -> Tensor {
            let values = try file.floats(name)
            guard values.count == shape.count else {
                throw WorkError(
                    what: "\"\(name)\" has \(values.count) elements, \(shape.count) are needed",
                    place: file.path, fix: "resume with the configuration and data of the run")
            }
            return Tensor(shape: shape, values)
        }
        let shapes = Dictionary(
            uniqueKeysWithValues: store.parameters.map { ($0.name, $0.value.shape) })
        func shape(_ name: String) -> Shape { shapes[name] ?? [] }
        for parameter in store.parameters {
            parameter.value = try tensor("weights." + parameter.name, parameter.value.shape)
        }
        try optimizer.restore(stepCount: state.updates) { name in
            let parameter = name.drop { $0 != "." }.dropFirst()
            return try tensor(name, shape(String(parameter)))
        }
        try average?.restore { try tensor("average." + $0, shape($0)) }
        return state
    }

    /// Reads what stands beside the tensors.
    ///
    /// - Parameter file: The file.
    /// - Returns: The state.
    /// - Throws: `WorkError` when a field is missing.
    static func read(_ file: SafetensorsFile) throws -> TrainingState {
        var state = TrainingState()
        guard let step = file.metadata["step"].flatMap(Int.init),
            let updates = file.metadata["updates"].flatMap(Int.init),
            let metric = file.metadata["best_metric"].flatMap(Double.init),
            let epoch = file.metadata["best_epoch"].flatMap(Int.init)
        else {
            throw WorkError(
                what: "the file is no state of a run", place: file.path,
                fix: "begin the run anew with --overwrite")
        }
        state.step = step
        state.updates = updates
        state.bestMetric = metric
        state.bestEpoch = epoch
        state.isEvaluationDue = file.metadata["evaluation_due"] == "true"
        state.configuration = file.metadata["config"] ?? ""
        return state
    }
}
