import Backbones
import Catalogue
import JSONText
import Layers
import Testing

@testable import Training

@Suite struct LearningRateFactorsTests {
    /// The factors of a detector with this backbone under a decay of one half.
    private func factors(
        _ backbone: any BackboneConfiguration, backboneFactor: Float = 1
    ) -> LearningRateFactors {
        var rule = OptimizerConfiguration()
        rule.layerDecay = 0.5
        rule.backboneFactor = backboneFactor
        let store = ParameterStore(seed: 0)
        let network = backbone.build(ParameterScope(store)["backbone"])
        return LearningRateFactors(
            rule, backbone: network, names: store.parameters.map(\.name))
    }

    @Test func eachBlockOfVANHalvesTheRateOnce() {
        var van = VANConfiguration()
        van.embedDims = [8, 8, 8, 8]
        van.depths = [1, 2, 1, 1]
        let factors = factors(van)
        let expected: [(name: String, power: Int)] = [
            ("patch_embed1.proj.weight", 6), ("block1.0.attn.proj_1.weight", 5),
            ("norm1.weight", 5), ("patch_embed2.norm.bias", 5), ("block2.0.norm1.weight", 4),
            ("block2.1.mlp.fc1.weight", 3), ("block3.0.layer_scale_1", 2),
            ("block4.0.layer_scale_2", 1), ("norm4.bias", 1),
        ]
        for (name, power) in expected {
            var factor: Float = 1
            for _ in 0..<power { factor /= 2 }
            #expect(factors.factor(of: "backbone." + name) == factor, "\(name)")
        }
    }

    @Test func neckAndHeadKeepTheFullRate() {
        let factors = factors(VANConfiguration.b0, backboneFactor: 0.1)
        #expect(factors.factor(of: "neck.lateral_convs.0.conv.weight") == 1)
        #expect(factors.factor(of: "bbox_head.atss_cls.weight") == 1)
        #expect(factors.factor(of: "backbone.norm4.weight") == 0.05)
    }

    @Test(arguments: ["van_b0", "davit_tiny", "shvit_s1", "biformer_tiny", "bevanet_s"])
    func ratesOfEachFamilyGrowFromTheStemOn(_ name: String) throws {
        let entry = try BackboneCatalogue.entry(name, place: "test")
        let store = ParameterStore(seed: 0)
        let network = entry.configuration.build(ParameterScope(store)["backbone"])
        let names = store.parameters.map(\.name)
        var rule = OptimizerConfiguration()
        rule.layerDecay = 0.9
        let factors = LearningRateFactors(rule, backbone: network, names: names)
        let all = names.map(factors.factor(of:))
        #expect(all.first == all.min())
        #expect(Set(all).count > 5)
        #expect(all.allSatisfy { $0 <= 0.9 })
    }
}
