import Foundation
import Layers
import Tensors

/// Running average of all weights and statistics over the steps of a run (EMA).
///
/// After step `t` the average moves by `1 - d(t)` towards the weights, with
/// `d(t) = decay * (1 - exp(-t / warmup_steps))`, so that early averages forget the start.
final class WeightAverage {
    private let configuration: AverageConfiguration
    private let parameters: [Parameter]
    private var averages: [Tensor]

    /// Starts from the weights as they are.
    ///
    /// - Parameters:
    ///   - store: The model's parameters and buffers.
    ///   - configuration: Decay and warm-up.
    init(_ store: ParameterStore, _ configuration: AverageConfiguration) {
        self.configuration = configuration
        parameters = store.parameters
        averages = parameters.map(\.value)
    }

    /// Moves the average towards the weights.
    ///
    /// - Parameter step: Steps done so far, at least 1.
    func update(step: Int) {
        let decay =
            configuration.decay * (1 - exp(-Float(step) / configuration.warmupSteps))
        for index in parameters.indices {
            ParameterUpdate.average(
                &averages[index], of: parameters[index].value, decay: decay)
        }
    }

    /// Runs `body` while the model holds the average instead of its weights.
    ///
    /// - Parameter body: Evaluates or saves the model.
    /// - Returns: What `body` returns.
    func whileInPlace<R>(_ body: () throws -> R) rethrows -> R {
        let weights = parameters.map(\.value)
        for (parameter, average) in zip(parameters, averages) { parameter.value = average }
        defer { for (parameter, weight) in zip(parameters, weights) { parameter.value = weight } }
        return try body()
    }

    /// The averages by parameter name, for the state of a run.
    var tensors: [(name: String, value: Tensor)] {
        zip(parameters, averages).map { ($0.name, $1) }
    }

    /// Takes averages from the state of a run.
    ///
    /// - Parameter value: Gives the tensor of a parameter's name.
    func restore(_ value: (String) throws -> Tensor) rethrows {
        averages = try parameters.map { try value($0.name) }
    }
}
