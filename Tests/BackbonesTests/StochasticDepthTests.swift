import Layers
import Tensors
import Testing

@testable import Backbones

/// Which block gets which rate of stochastic depth, by the families' cards.
@Suite struct StochasticDepthTests {
    private static let rate = 0.3

    /// The rates of a network's blocks in the order in which they are stored.
    private func rates(of value: Any) -> [Float] {
        switch value {
        case let path as DropPath: return [path.rate]
        case is Parameter, is Tensor: return []
        default: return Mirror(reflecting: value).children.flatMap { rates(of: $0.value) }
        }
    }

    private func rates(_ settings: any BackboneConfiguration) -> [Float] {
        rates(of: settings.build(ParameterScope(ParameterStore.outline())))
    }

    /// `linspace(0, rate, count)` of the authors.
    private func linspace(_ count: Int) -> [Float] {
        (0..<count).map { Float(Self.rate / Double(count - 1) * Double($0)) }
    }

    private func expect(_ actual: [Float], _ expected: [Float]) {
        #expect(actual.count == expected.count)
        for (a, b) in zip(actual, expected) { #expect(abs(a - b) < 1e-6) }
    }

    @Test func ratesOfVANRiseOverAllBlocks() {
        var settings = VANConfiguration.b0
        settings.dropPathRate = Self.rate
        expect(rates(settings), linspace(3 + 3 + 5 + 2))
    }

    @Test func ratesOfDaViTRiseOverBlocksAndNotOverPairs() {
        var settings = DaViTConfiguration.tiny
        settings.dropPathRate = Self.rate
        expect(rates(settings), linspace(2 * (1 + 1 + 3 + 1)))
    }

    @Test func ratesOfBiFormerRiseOverAllBlocks() {
        var settings = BiFormerConfiguration.tiny
        settings.dropPathRate = Self.rate
        expect(rates(settings), linspace(2 + 2 + 8 + 2))
        var ablation = BiFormerSTLConfiguration.nhwc
        ablation.dropPathRate = Self.rate
        expect(rates(ablation), linspace(2 + 2 + 6 + 2))
    }

    @Test func ratesOfSHViTAreZeroAsItsAuthorsTrainAndRiseWhenAsked() {
        var settings = SHViTConfiguration.s1
        #expect(settings.dropPathRate == 0)
        settings.dropPathRate = Self.rate
        expect(rates(settings), linspace(2 + 4 + 5))
    }

    @Test func everyAttentionBlockOfBEVANetHasTheSameRate() {
        var settings = BEVANetConfiguration.small
        settings.dropPathRate = Self.rate
        let all = rates(settings)
        #expect(all.count == 3 && all.allSatisfy { $0 == Float(Self.rate) })
    }
}
