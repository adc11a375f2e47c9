import Layers
import Tensors
import TestSupport
import Testing

@Suite struct DropPathTests {
    @Test func keptBranchesAreEnlargedAndTheRestIsZero() throws {
        let context = Context(.training, generator: RandomGenerator(state: 7))
        let factors = try #require(DropPath(rate: 0.25).factors(samples: 4000, context)).elements
        let kept = factors.filter { $0 != 0 }
        #expect(kept.allSatisfy { $0 == 1 / 0.75 })
        // Four standard deviations of a binomial share of 4000 draws are 0.027.
        #expect(abs(Float(kept.count) / 4000 - 0.75) < 0.027)
    }

    @Test func wholeSamplesAreDropped() {
        let x = Tensor(shape: [64, 2, 3, 5], repeating: 1)
        let y = DropPath(rate: 0.5)(x, Context(.training)).elements
        for sample in 0..<64 {
            #expect(Set(y[sample * 30..<(sample + 1) * 30]).count == 1)
        }
        #expect(Set(y) == [0, 2])
    }

    @Test func nothingIsDroppedOutsideTraining() {
        func factors(_ rate: Float, _ context: Context) -> [Float]? {
            DropPath(rate: rate).factors(samples: 8, context)?.elements
        }
        #expect(factors(0.5, Context(.evaluation)) == nil)
        #expect(factors(0.5, Context(.training, regularization: .none)) == nil)
        #expect(factors(0, Context(.training)) == nil)
        #expect(factors(0.5, Context(.training)) != nil)
    }

    @Test func ratesRiseEvenlyFromZero() {
        expectClose(
            DropPath.rates(upTo: 0.2, count: 5), [0, 0.05, 0.1, 0.15, 0.2], relative: 1e-6)
        #expect(DropPath.rates(upTo: 0.2, count: 1) == [0])
        #expect(DropPath.rates(upTo: 0.2, count: 0) == [])
    }
}
