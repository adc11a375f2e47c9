import Foundation
import KernelInterface
import Layers
import Tensors

/// Changes the weights of a model by their gradients: AdamW or SGD.
///
/// Weights decay; norms, biases and other parameters with one axis do not. Each parameter can
/// have a factor on the learning rate.
final class Optimizer {
    private let configuration: OptimizerConfiguration
    private let parameters: [Parameter]
    private let rateFactors: [Float]
    private let indices: [ObjectIdentifier: Int]
    /// First moments of AdamW, or the momentum of SGD.
    private var first: [Tensor]
    /// Second moments of AdamW; none for SGD.
    private var second: [Tensor]
    /// Steps done.
    private(set) var stepCount = 0

    /// Makes the moments, all zero.
    ///
    /// - Parameters:
    ///   - parameters: What is trained.
    ///   - configuration: The rule and its numbers.
    ///   - rateFactor: The factor on the learning rate of a parameter, by its name.
    init(
        _ parameters: [Parameter], _ configuration: OptimizerConfiguration,
        rateFactor: (String) -> Float = { _ in 1 }
    ) {
        self.configuration = configuration
        self.parameters = parameters
        rateFactors = parameters.map { rateFactor($0.name) }
        indices = Dictionary(
            uniqueKeysWithValues: parameters.enumerated().map {
                (ObjectIdentifier($0.element.gradient), $0.offset)
            })
        func zeros() -> [Tensor] {
            parameters.map { Tensor(shape: $0.value.shape, repeating: 0) }
        }
        first = zeros()
        second = configuration.name == .adamw ? zeros() : []
    }

    /// Changes all weights that have a gradient.
    ///
    /// - Parameters:
    ///   - learningRate: The rate of this step.
    ///   - gradientScale: Factor on all gradients, for clipping.
    func step(learningRate: Float, gradientScale: Float) {
        stepCount += 1
        for (index, parameter) in parameters.enumerated() {
            guard var gradient = parameter.gradient.value else { continue }
            parameter.gradient.value = nil
            if gradientScale != 1 { ParameterUpdate.scale(&gradient, by: gradientScale) }
            update(index, parameter, gradient, learningRate * rateFactors[index])
        }
    }

    /// Walks back and changes each weight as soon as its gradient is whole, while both lie in the
    /// caches.
    ///
    /// The bits are those of a step after the walk, but a gradient that is not finite stays in its
    /// sink and changes nothing. Not for clipping, which needs all gradients first.
    ///
    /// - Parameters:
    ///   - learningRate: The rate of this step.
    ///   - tape: The forward pass.
    ///   - outputs: Tensors of the tape, each with the gradient that it starts from.
    func step(
        learningRate: Float, walking tape: Tape,
        from outputs: [(tensor: Tensor, gradient: Tensor)]
    ) {
        stepCount += 1
        tape.backward(from: outputs) { sink in
            guard let index = indices[ObjectIdentifier(sink)] else { return }
            updateIfFinite(index, learningRate)
        }
        // A leaf that is an output itself is used by no operation.
        for index in parameters.indices { updateIfFinite(index, learningRate) }
    }

    private func updateIfFinite(_ index: Int, _ learningRate: Float) {
        let parameter = parameters[index]
        guard let gradient = parameter.gradient.value, gradient.isFinite else { return }
        parameter.gradient.value = nil
        update(index, parameter, gradient, learningRate * rateFactors[index])
    }

    private func update(_ index: Int, _ parameter: Parameter, _ gradient: Tensor, _ rate: Float) {
        let decay = parameter.role == .weight ? configuration.weightDecay : 0
        switch configuration.name {
        case .adamw:
            ParameterUpdate.adamW(
                &parameter.value, gradient: gradient, first: &first[index],
                second: &second[index], factors: adamWFactors(rate, decay))
        case .sgd:
            ParameterUpdate.sgd(
                &parameter.value, gradient: gradient, velocity: &first[index],
                factors: SGDFactors(
                    learningRate: rate, momentum: configuration.beta1, weightDecay: decay))
        }
    }

    private func adamWFactors(_ rate: Float, _ decay: Float) -> AdamWFactors {
        let (beta1, beta2) = (configuration.beta1, configuration.beta2)
        let correction1 = 1 - pow(Double(beta1), Double(stepCount))
        let correction2 = (1 - pow(Double(beta2), Double(stepCount))).squareRoot()
        return AdamWFactors(
            learningRate: rate, betas: (beta1, beta2), epsilon: configuration.epsilon,
            weightDecay: decay, corrections: (Float(correction1), Float(correction2)))
    }

    /// The moments by name, for the state of a run.
    var tensors: [(name: String, value: Tensor)] {
        [first, second].enumerated().flatMap { order, tensors in
            zip(parameters, tensors).map { ("moment\(order + 1).\($0.name)", $1) }
        }
    }

    /// Takes moments and the number of steps from the state of a run.
    ///
    /// - Parameters:
    ///   - stepCount: Steps done.
    ///   - value: Gives the tensor of a name.
    func restore(stepCount: Int, _ value: (String) throws -> Tensor) rethrows {
        self.stepCount = stepCount
        first = try parameters.map { try value("moment1.\($0.name)") }
        if !second.isEmpty { second = try parameters.map { try value("moment2.\($0.name)") } }
    }
}
