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

    /// A small network of a family, and how often the rate of some parameters is halved.
    static let depths: [(backbone: String, powers: [String: Int])] = [
        (
            "{\"name\": \"davit\", \"depths\": [1, 1, 1, 1]}",
            [
                // A layer is a pair of blocks, as its authors count.
                "patch_embeds.0.proj.weight": 5, "main_blocks.0.0.0.attn.qkv.weight": 4,
                "main_blocks.0.0.1.norm1.weight": 4, "patch_embeds.1.proj.weight": 4,
                "main_blocks.3.0.0.mlp.fc1.bias": 1, "norm3.weight": 1,
            ]
        ),
        (
            "{\"name\": \"biformer_tiny\", \"depth\": [1, 2, 1, 1]}",
            [
                "downsample_layers.0.0.weight": 6, "stages.0.0.attn.wo.weight": 5,
                "downsample_layers.1.0.weight": 5, "stages.1.1.mlp.0.weight": 3,
                "stages.3.0.norm1.weight": 1, "extra_norms.3.weight": 1,
            ]
        ),
        (
            "{\"name\": \"shvit_s1\", \"depth\": [1, 1, 1]}",
            [
                "patch_embed.0.c.weight": 10, "blocks1.0.conv.m.c.weight": 9,
                "blocks2.0.0.m.c.weight": 8, "blocks2.3.mixer.m.qkv.c.weight": 5,
                "blocks3.3.ffn.m.pw1.c.weight": 1,
            ]
        ),
    ]

    @Test(arguments: depths) func eachBlockOfAFamilyHalvesTheRateOnce(
        backbone: String, powers: [String: Int]
    ) throws {
        let factors = factors(
            try BackboneCatalogue.configuration(
                JSONValue(parsing: JSONSource(text: backbone, name: "a.json"))))
        for (name, power) in powers {
            let factor = factors.factor(of: "backbone." + name)
            #expect(factor == (0..<power).reduce(Float(1)) { value, _ in value / 2 }, "\(name)")
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
