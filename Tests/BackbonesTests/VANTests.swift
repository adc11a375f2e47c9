import Checkpoints
import JSONText
import Layers
import Tensors
import TestSupport
import Testing

@testable import Backbones

/// Settings of a case, read as a user's file is.
private func configuration(_ constructor: JSONValue?) throws -> VANConfiguration {
    var object = constructor?.object ?? JSONObject()
    object["norm_layer"] = nil
    return try StrictDecoder.decode(
        VANConfiguration.self, from: JSONValue(.object(object)), defaults: VANConfiguration())
}

@Suite struct VANGoldenTests {
    @Test(arguments: ["van_tiny", "van_tiny_odd"])
    func networkEqualsTheAuthors(name: String) throws {
        let golden = try GoldenCase("backbones/" + name)
        let settings = try configuration(golden.info["constructor"])
        try golden.check(.network) { scope in
            let van = VAN(scope, settings)
            return { van.outputs($0, $1) }
        }
    }

    @Test func largeKernelAttentionEqualsTheAuthors() throws {
        try GoldenCase("backbones/piece_van_lka").check(.piece) { scope in
            let piece = LargeKernelAttention(scope, channels: 5)
            return { x, _ in [NamedOutput("out", piece(x))] }
        }
    }

    @Test func attentionEqualsTheAuthors() throws {
        try GoldenCase("backbones/piece_van_attention").check(.piece) { scope in
            let piece = VAN.Attention(scope, channels: 6)
            return { x, _ in [NamedOutput("out", piece(x))] }
        }
    }

    @Test func multilayerPerceptronEqualsTheAuthors() throws {
        try GoldenCase("backbones/piece_van_dwmlp").check(.piece) { scope in
            let piece = VAN.mlp(scope, channels: 5, hidden: 12, linear: false)
            return { x, _ in [NamedOutput("out", piece(x))] }
        }
    }

    @Test func blockEqualsTheAuthors() throws {
        try GoldenCase("backbones/piece_van_block").check(.piece) { scope in
            let piece = VAN.Block(scope, channels: 6, hidden: 24, linear: false, dropPath: 0)
            return { x, context in [NamedOutput("out", piece(x, context))] }
        }
    }
}

@Suite struct VANPublishedTests {
    static let names = (0...6).map { "van_b\($0)" }

    @Test(arguments: names) func namesAndShapesAreTheAuthors(name: String) throws {
        try PublishedSize(name, settings: configuration).checkNamesAndShapes()
    }

    @Test(arguments: names) func multiplyAddsAreTheAuthors(name: String) throws {
        try PublishedSize(name, settings: configuration).checkMultiplyAdds()
    }

    @Test(arguments: [("van_b0", false), ("van_b0", true), ("van_b1", false)])
    func figuresUnderTheFormulaAreTheAuthors(name: String, dense: Bool) throws {
        try PublishedSize(name, dense: dense, settings: configuration).checkFigures()
    }
}

@Suite struct VANTests {
    private static let tiny: VANConfiguration = {
        var settings = VANConfiguration()
        settings.embedDims = [4, 6, 8, 10]
        settings.depths = [1, 1, 2, 1]
        settings.mlpRatios = [2, 2, 2, 2]
        return settings
    }()

    @Test(arguments: [[1, 1], [2, 3], [31, 33], [43, 59], [64, 64]])
    func declaredFeaturesAreTheRealOnes(size: [Int]) {
        let van = VAN(ParameterScope(ParameterStore()), Self.tiny)
        let maps = van(filled("input", [2, size[0], size[1], 3]), Context(.training))
        for (map, feature) in zip(maps, van.features) {
            let expected = size.map { ($0 + feature.stride - 1) / feature.stride }
            #expect(map.shape == Shape([2] + expected + [feature.channels]))
            #expect(map.elements.allSatisfy { $0.isFinite })
        }
        #expect(maps.count == 4)
    }

    @Test func frozenStagesGetNoGradientsAndKeepTheirStatistics() {
        let store = ParameterStore()
        let scope = ParameterScope(store)
        let van = VAN(scope, Self.tiny)
        van.freezeStages(2, in: scope)
        let before = store.parameters.map(\.value.elements)
        let (loss, tape) = Tape.record {
            let maps = van(filled("input", [2, 32, 32, 3]), Context(.training))
            return maps.dropFirst().reduce(maps[0].sum()) { $0 + $1.sum() }
        }
        tape.backward(from: loss)
        let early = ["patch_embed1.", "block1.", "norm1.", "patch_embed2.", "block2.", "norm2."]
        for (parameter, old) in zip(store.parameters, before) {
            let gradient = parameter.gradient.value?.elements
            if early.contains(where: parameter.name.hasPrefix) {
                #expect(gradient == nil, "\(parameter.name)")
                #expect(parameter.value.elements == old, "\(parameter.name)")
            } else if parameter.isTrained {
                #expect(gradient != nil, "\(parameter.name)")
            } else {
                #expect(parameter.value.elements != old, "\(parameter.name)")
            }
        }
    }

    @Test func onlyMatricesAndKernelsDecay() {
        let store = ParameterStore()
        _ = VAN(ParameterScope(store), Self.tiny)
        FamilyExpectations.onlyMatricesAndKernelsDecay(store)
    }

    @Test func stochasticDepthChangesTrainingAlone() {
        var settings = Self.tiny
        settings.dropPathRate = 0.9
        let van = VAN(ParameterScope(ParameterStore()), settings)
        FamilyExpectations.stochasticDepthChangesTrainingAlone(van)
    }
}
