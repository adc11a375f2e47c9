import Foundation
import Layers
import Prediction
import Tensors

/// Looks for numbers that are not finite before they reach the weights.
enum GradientCheck {
    /// The norm of all gradients of trained parameters together.
    ///
    /// - Parameter parameters: The parameters.
    /// - Returns: The norm; not finite where a gradient is not.
    static func norm(_ parameters: [Parameter]) -> Double {
        parameters.reduce(0.0) { sum, parameter in
            guard let gradient = parameter.gradient.value else { return sum }
            return sum + gradient.sumOfSquares
        }.squareRoot()
    }

    /// The error that stops a run when a loss or a gradient is not finite.
    ///
    /// - Parameters:
    ///   - losses: The losses of the step.
    ///   - parameters: The trained parameters.
    ///   - step: The step, counted from 1 over the whole run.
    ///   - rate: The learning rate in use.
    /// - Returns: An error that names step, loss and parameter.
    static func failure(
        losses: [(name: String, value: Float)], parameters: [Parameter], step: Int, rate: Float
    ) -> WorkError {
        let bad = losses.filter { !$0.value.isFinite }.map { "\($0.name) \($0.value)" }
        let what =
            bad.isEmpty
            ? "a gradient is not finite" : "the loss is not finite: " + bad.joined(separator: ", ")
        let culprit =
            parameters.first { !$0.value.isFinite }.map { "the values of \($0.name)" }
            ?? parameters.first { $0.gradient.value.map { !$0.isFinite } ?? false }
            .map { "the gradient of \($0.name)" }
            ?? largest(parameters).map { "all parameters are finite, the largest is \($0)" }
            ?? "no parameter"
        return WorkError(
            what: what, place: "step \(step), \(culprit)",
            fix: "lower training.optimizer.learning_rate (now \(rate)) or set "
                + "training.gradient_clip; the weights of the last evaluation are kept",
            exitCode: 1)
    }

    private static func largest(_ parameters: [Parameter]) -> String? {
        let sizes = parameters.map { parameter in
            (name: parameter.name, size: parameter.value.elements.map(abs).max() ?? 0)
        }
        return sizes.max { $0.size < $1.size }.map { "\($0.name) (\($0.size))" }
    }
}
