import Layers
import Tensors
import Testing

@testable import Training

@Suite struct OptimizerTests {
    /// Two layers, of which the second is used twice.
    private struct Model {
        let store = ParameterStore(seed: 3)
        let first: Linear
        let second: Linear

        init() {
            let scope = ParameterScope(store)
            first = Linear(scope["first"], 5, 7)
            second = Linear(scope["second"], 7, 7)
        }

        func record(scale: Float = 1) -> (result: Tensor, tape: Tape) {
            let x = Tensor(shape: [3, 5], (0..<15).map { scale * Float($0 % 4) })
            return Tape.record { second(second(first(x)).relu()).sum() }
        }

        var weights: [UInt32] {
            store.parameters.flatMap { $0.value.elements.map(\.bitPattern) }
        }
    }

    private func optimizer(_ model: Model, _ kind: OptimizerConfiguration.Kind) -> Optimizer {
        var rule = OptimizerConfiguration()
        rule.name = kind
        return Optimizer(model.store.parameters, rule)
    }

    private func start(_ loss: Tensor) -> [(tensor: Tensor, gradient: Tensor)] {
        [(loss, Tensor(shape: [], repeating: 1))]
    }

    @Test(arguments: OptimizerConfiguration.Kind.allCases)
    func stepsWithinTheWalkHaveTheBitsOfStepsAfterIt(kind: OptimizerConfiguration.Kind) {
        let (within, after) = (Model(), Model())
        let (a, b) = (optimizer(within, kind), optimizer(after, kind))
        for _ in 0..<3 {
            let (loss, tape) = within.record()
            a.step(learningRate: 0.01, walking: tape, from: start(loss))
            let (other, otherTape) = after.record()
            otherTape.backward(from: start(other))
            b.step(learningRate: 0.01, gradientScale: 1)
            #expect(within.weights == after.weights)
            #expect(within.store.parameters.allSatisfy { $0.gradient.value == nil })
        }
        #expect(a.stepCount == b.stepCount)
    }

    @Test func weightsChangeInPlaceWithinTheWalk() {
        let model = Model()
        let optimizer = optimizer(model, .adamw)
        let places = model.store.parameters.map(\.value.storage.pointer)
        let (loss, tape) = model.record()
        optimizer.step(learningRate: 0.01, walking: tape, from: start(loss))
        #expect(model.store.parameters.map(\.value.storage.pointer) == places)
    }

    @Test func aGradientThatIsNotFiniteStaysAndChangesNothing() {
        let model = Model()
        let optimizer = optimizer(model, .adamw)
        let before = model.first.weight.value.elements
        let (loss, tape) = model.record(scale: 1e30)
        optimizer.step(learningRate: 0.01, walking: tape, from: start(loss))
        #expect(model.first.weight.gradient.value?.isFinite == false)
        #expect(model.first.weight.value.elements == before)
        #expect(model.second.bias?.gradient.value == nil)
    }
}
