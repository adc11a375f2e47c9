import KernelInterface
import Layers
import Tensors

/// Changes the weights of a model by their gradients: AdamW or SGD.
///
/// Weights decay; norms, biases and other parameters with one axis do not. Parameters of the
/// backbone can have a learning rate of their own.
final class Optimizer {
    private let configuration: OptimizerConfiguration
    private let parameters: [Parameter]
    private var moments: [[Tensor]]
    /// Steps done.
    private(set) var stepCount = 0

    /// Makes the moments, all zero.
    ///
    /// - Parameters:
    ///   - parameters: What is trained.
    ///   - configuration: The rule and its numbers.
    init(_ parameters: [Parameter], _ configuration: OptimizerConfiguration) {
        self.configuration = configuration
        self.parameters = parameters
        let count = configuration.name == .adamw ? 2 : 1
        moments = (0..<count).map { _ in
            parameters.map { Tensor(shape: $0.value.shape, repeating: 0) }
        }
    }

    /// Changes all weights that have a gradient.
    ///
    /// - Parameters:
    ///   - learningRate: The rate of this step.
    ///   - gradientScale: Factor on all gradients, for clipping.
    func step(learningRate: Float, gradientScale: Float) {
        stepCount += 1
        for (index, parameter) in parameters.enumerated() {
            guard let gradient = parameter.gradient.value else { continue }
            if gradientScale != 1 { ParameterUpdate.scale(gradient, by: gradientScale) }
            let isBackbone = parameter.name.hasPrefix("backbone.")
            let rate = learningRate * (isBackbone ? configuration.backboneFactor : 1)
            update(index, parameter, gradient, rate)
        }
    }

    private func update(_ index: Int, _ parameter: Parameter, _ gradient: Tensor, _ rate: Float) {
        let decay = parameter.role == .weight ? configuration.weightDecay : 0
        switch configuration.name {
        case .adamw:
            ParameterUpdate.adamW(
                parameter.value, gradient: gradient,
                moments: [moments[0][index], moments[1][index]],
                AdamWRule(
                    learningRate: rate, betas: [configuration.beta1, configuration.beta2],
                    epsilon: configuration.epsilon, weightDecay: decay, step: stepCount))
        case .sgd:
            ParameterUpdate.sgd(
                parameter.value, gradient: gradient, momentum: moments[0][index],
                SGDFactors(learningRate: rate, momentum: configuration.beta1, weightDecay: decay))
        }
    }

    /// The moments by name, for the state of a run.
    var tensors: [(name: String, value: Tensor)] {
        moments.enumerated().flatMap { order, tensors in
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
        moments = try moments.indices.map { order in
            try parameters.map { try value("moment\(order + 1).\($0.name)") }
        }
    }
}
