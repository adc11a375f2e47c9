import Checkpoints
import JSONText
import Layers
import Tensors
import TestSupport
import Testing

@testable import Backbones

/// Settings of a case, read as a user's file is.
private func configuration(_ constructor: JSONValue?) throws -> DaViTConfiguration {
    try StrictDecoder.decode(
        DaViTConfiguration.self, from: constructor ?? JSONValue(.object(JSONObject())),
        defaults: DaViTConfiguration())
}

/// A small network with padded windows at every stage.
private let tiny: DaViTConfiguration = {
    var settings = DaViTConfiguration()
    settings.embedDims = [4, 6, 8, 10]
    settings.numHeads = [2, 3, 1, 5]
    settings.depths = [1, 1, 2, 1]
    settings.windowSize = 3
    settings.mlpRatio = 2
    return settings
}()

@Suite struct DaViTGoldenTests {
    @Test(arguments: ["davit_tiny_case", "davit_odd"])
    func networkEqualsTheAuthors(name: String) throws {
        let golden = try GoldenCase("backbones/" + name)
        let settings = try configuration(golden.info["constructor"])
        try golden.check(.network) { scope in
            let davit = DaViT(scope, settings)
            return { davit.outputs($0, $1) }
        }
    }

    @Test(arguments: ["davit_tiny_case", "davit_odd"])
    func planGivesWhatTheAuthorsGive(name: String) throws {
        let golden = try GoldenCase("backbones/" + name)
        let store = ParameterStore()
        let davit = DaViT(ParameterScope(store), try configuration(golden.info["constructor"]))
        try ParameterScope(store).load(golden.weights.namedTensors, from: name)
        let input = try golden.tensor("input")
        var names: [String] = []
        let graph = Graph.trace(inputs: [input.shape]) { inputs in
            let outputs = davit.outputs(inputs[0], Context(.evaluation))
            names = outputs.map(\.name)
            return outputs.map(\.value)
        }
        for (output, name) in zip(Plan(graph)([input]), names) {
            expectClose(
                output.elements, try golden.tensor("eval." + name).elements, relative: 1e-5, name)
        }
    }

    /// Runs a piece that the authors feed with tokens `[N, L, C]` of a map.
    private func check(
        _ name: String, height: Int, width: Int,
        _ build: (ParameterScope) -> (Tensor, Context) -> Tensor
    ) throws {
        try GoldenCase("backbones/" + name).check(.piece) { scope in
            let piece = build(scope)
            return { x, context in
                let map = x.reshaped([x.shape[0], height, width, x.shape[2]])
                let y = piece(map, context)
                let tokens = y.reshaped([y.shape[0], y.shape[1] * y.shape[2], y.shape[3]])
                return [NamedOutput("out", tokens)]
            }
        }
    }

    @Test func windowAttentionEqualsTheAuthors() throws {
        try check("piece_davit_window_attention", height: 3, width: 3) { scope in
            let piece = DaViT.Attention(scope, .spatial, channels: 12, heads: 3, window: 3)
            return { x, _ in piece(x) }
        }
    }

    @Test func channelAttentionEqualsTheAuthors() throws {
        try check("piece_davit_channel_attention", height: 4, width: 5) { scope in
            let piece = DaViT.Attention(scope, .channel, channels: 12, heads: 3, window: 7)
            return { x, _ in piece(x) }
        }
    }

    @Test func positionEncodingEqualsTheAuthors() throws {
        try check("piece_davit_convposenc", height: 5, width: 7) { scope in
            let piece = DaViT.PositionEncoding(scope, channels: 8, activates: false)
            return { x, _ in piece(x) }
        }
    }

    /// Name, attention type, window and `cpe_act` of the blocks.
    static let blocks: [(String, DaViTConfiguration.AttentionType, Int, Bool)] = [
        ("piece_davit_spatial_block", .spatial, 4, false),
        ("piece_davit_channel_block", .channel, 7, false),
        ("piece_davit_dense_cpe_act", .spatial, 3, true),
    ]

    @Test(arguments: blocks) func blockEqualsTheAuthors(
        name: String, type: DaViTConfiguration.AttentionType, window: Int, activates: Bool
    ) throws {
        var settings = DaViTConfiguration()
        settings.windowSize = window
        settings.cpeAct = activates
        try check(name, height: 5, width: 6) { scope in
            let piece = DaViT.Block(scope, type, channels: 8, heads: 2, settings, dropPath: 0)
            return { piece($0, $1) }
        }
    }

    @Test(arguments: [("piece_davit_merge", 2), ("piece_davit_merge_overlap", 3)])
    func mergeEqualsTheAuthors(name: String, kernel: Int) throws {
        try check(name, height: 5, width: 7) { scope in
            let piece = DaViT.Merge(scope, inputs: 6, outputs: 8, kernel: kernel)
            return { x, _ in piece(x) }
        }
    }

    @Test func stemEqualsTheAuthors() throws {
        try GoldenCase("backbones/piece_davit_stem").check(.piece) { scope in
            let piece = DaViT.Stem(scope, channels: 6)
            return { x, _ in [NamedOutput("out", piece(x).reshaped([2, 20, 6]))] }
        }
    }
}

@Suite struct DaViTPublishedTests {
    static let names = ["tiny", "small", "base", "large_window12_384", "large", "huge", "giant"]

    @Test(arguments: names) func namesAndShapesAreTheAuthors(name: String) throws {
        try PublishedSize("davit_" + name, settings: configuration).checkNamesAndShapes()
    }

    @Test(arguments: names) func multiplyAddsAreTheAuthors(name: String) throws {
        try PublishedSize("davit_" + name, settings: configuration).checkMultiplyAdds()
    }

    @Test func figuresUnderTheFormulaAreTheAuthors() throws {
        try PublishedSize("davit_tiny", settings: configuration).checkFigures()
    }
}

@Suite struct DaViTTests {
    @Test(arguments: [[1, 1], [2, 3], [31, 33], [43, 59], [64, 64]])
    func declaredFeaturesAreTheRealOnes(size: [Int]) {
        let davit = DaViT(ParameterScope(ParameterStore()), tiny)
        let maps = davit(filled("input", [2, size[0], size[1], 3]), Context(.training))
        for (map, feature) in zip(maps, davit.features) {
            let expected = size.map { ($0 + feature.stride - 1) / feature.stride }
            #expect(map.shape == Shape([2] + expected + [feature.channels]))
            #expect(map.elements.allSatisfy { $0.isFinite })
        }
        #expect(maps.count == 4)
    }

    @Test func frozenStagesGetNoGradients() {
        let store = ParameterStore()
        let scope = ParameterScope(store)
        let davit = DaViT(scope, tiny)
        davit.freezeStages(2, in: scope)
        let (loss, tape) = Tape.record {
            let maps = davit(filled("input", [2, 32, 32, 3]), Context(.training))
            return maps.dropFirst().reduce(maps[0].sum()) { $0 + $1.sum() }
        }
        tape.backward(from: loss)
        for parameter in store.parameters {
            let isEarly = ["patch_embeds.", "main_blocks.", "norm"].contains { part in
                (0...1).contains { parameter.name.hasPrefix("\(part)\($0).") }
            }
            #expect((parameter.gradient.value == nil) == isEarly, "\(parameter.name)")
        }
    }

    @Test func onlyMatricesAndKernelsDecay() {
        let store = ParameterStore()
        _ = DaViT(ParameterScope(store), tiny)
        FamilyExpectations.onlyMatricesAndKernelsDecay(store)
    }

    @Test func initialValuesFollowTheAuthorsRules() throws {
        let store = ParameterStore()
        _ = DaViT(ParameterScope(store), DaViTConfiguration.tiny)
        let weight = try #require(store["main_blocks.3.0.0.mlp.fc1.weight"]).value.elements
        let square = weight.reduce(0) { $0 + Double($1) * Double($1) } / Double(weight.count)
        #expect(abs(square.squareRoot() - 0.02) < 1e-4)
        #expect(
            store["main_blocks.3.0.0.mlp.fc1.bias"]?.value.elements.allSatisfy { $0 == 0 } == true)
        // PyTorch's default of a 3x3 depth-wise convolution: uniform up to 1 / 3.
        let kernel = try #require(store["main_blocks.3.0.0.cpe.0.proj.weight"]).value.elements
        #expect(kernel.allSatisfy { abs($0) <= 1.0 / 3 } && (kernel.max() ?? 0) > 0.33)
    }

    @Test func stochasticDepthChangesTrainingAlone() {
        var settings = tiny
        settings.dropPathRate = 0.9
        let davit = DaViT(ParameterScope(ParameterStore()), settings)
        FamilyExpectations.stochasticDepthChangesTrainingAlone(davit)
    }

    @Test func switchesLeaveTheirParametersOut() {
        var settings = tiny
        settings.ffn = false
        settings.qkvBias = false
        settings.attentionTypes = [.channel, .spatial, .channel]
        let store = ParameterStore()
        let davit = DaViT(ParameterScope(store), settings)
        #expect(store["main_blocks.2.1.2.attn.qkv.weight"] != nil)
        #expect(!store.parameters.contains { $0.name.contains("mlp") })
        #expect(
            !store.parameters.contains { $0.name.contains("norm2.") && $0.name.contains("main") })
        #expect(!store.parameters.contains { $0.name.hasSuffix("qkv.bias") })
        let maps = davit(filled("input", [1, 20, 36, 3]), Context(.evaluation))
        #expect(maps.allSatisfy { $0.elements.allSatisfy { $0.isFinite } })
    }

    @Test func namesOfTimmAreTheAuthorsAfterRenaming() throws {
        let path = Goldens.folder + "/backbones/davit_tiny_case/timm_names.json"
        let names = try #require(JSONValue.read(path: path)["names"]?.object).members
        let renaming = try #require(DaViTConfiguration.keyRenamings.first)
        #expect(names.contains { $0.value.string == renaming.marker })
        for member in names {
            #expect(renaming(member.value.string ?? "") == member.key)
        }
    }
}
