import JSONText
import Layers
import Tensors
import TestSupport
import Testing

/// What holds for every family alike.
enum FamilyExpectations {
    /// Weight decay acts on matrices and kernels, and on nothing with one axis.
    static func onlyMatricesAndKernelsDecay(_ store: ParameterStore) {
        for parameter in store.parameters where parameter.isTrained {
            #expect((parameter.role == .weight) == (parameter.fileShape.rank > 1))
        }
    }

    /// Evaluation repeats itself; training passes of two random states differ.
    static func stochasticDepthChangesTrainingAlone(_ network: any Backbone, side: Int = 32) {
        let x = filled("input", [4, side, side, 3])
        func last(_ context: Context) -> [Float] { network(x, context).last?.elements ?? [] }
        #expect(last(Context(.evaluation)) == last(Context(.evaluation)))
        let first = Context(.training, generator: RandomGenerator(state: 1))
        let second = Context(.training, generator: RandomGenerator(state: 2))
        #expect(last(first) != last(second))
    }

    /// A mistake in line 1 of `a.json` is refused with its key, its place and advice.
    static func isRefused(_ key: String, _ decode: () throws -> some Any) {
        let error = #expect(throws: ConfigurationError.self) { _ = try decode() }
        let message = error?.description ?? ""
        #expect(message.contains(key) && message.contains("a.json:1"), "\(message)")
        #expect(error?.fix.isEmpty == false)
    }
}
