import Checkpoints
import JSONText
import Layers
import Tensors
import TestSupport
import Testing

@testable import Backbones

/// Settings of a case, read as a user's file is, but for the name of a Python class.
private func configuration(_ constructor: JSONValue?) throws -> BEVANetConfiguration {
    var object = constructor?.object ?? JSONObject()
    object["class"] = nil
    return try StrictDecoder.decode(
        BEVANetConfiguration.self, from: JSONValue(.object(object)),
        defaults: BEVANetConfiguration())
}

/// Whether a parameter of the authors' segmentation network belongs to its head.
private func isOfHead(_ name: String) -> Bool {
    let scope = name.prefix { $0 != "." }
    return scope.hasSuffix("_seg") || scope.hasPrefix("seghead")
        || ["layer5_detail_boundary", "spp", "dfm", "head"].contains(scope)
}

@Suite struct BEVANetGoldenTests {
    @Test func classifierEqualsTheAuthors() throws {
        let golden = try GoldenCase("segmentation/bevanet_classifier_tiny")
        let settings = try configuration(golden.info["constructor"])
        try golden.check(golden.ownLimits) { scope in
            let network = BEVANet(scope, settings)
            return { network.outputs($0, $1).map { NamedOutput("output", $0.value) } }
        }
    }

    @Test(arguments: ["bevanet_tiny", "bevanet_odd", "bevanet_all_attention"])
    func segmentationNetworkEqualsTheAuthors(name: String) throws {
        let golden = try GoldenCase("segmentation/" + name)
        let settings = try configuration(golden.info["constructor"])
        try golden.check(golden.ownLimits) { scope in
            let network = BEVANet(scope, settings)
            return { network.outputs($0, $1) }
        }
    }

    @Test(arguments: ["bevanet_tiny", "bevanet_odd", "bevanet_all_attention"])
    func planOfTheSegmentationNetworkEqualsTheAuthors(name: String) throws {
        let golden = try GoldenCase("segmentation/" + name)
        let scope = ParameterScope(ParameterStore())
        let network = BEVANet(scope, try configuration(golden.info["constructor"]))
        try scope.load(golden.weights.namedTensors, from: name)
        let input = try golden.tensor("input")
        let graph = Graph.trace(inputs: [input.shape]) {
            network.outputs($0[0], Context(.evaluation)).map(\.value)
        }
        let names = network.outputs(input, Context(.evaluation)).map(\.name)
        #expect(names.prefix(3) == ["main", "aux", "boundary"])
        for (name, replayed) in zip(names, Plan(graph)([input])) {
            let expected = try golden.tensor("eval." + name)
            expectClose(replayed.elements, expected.elements, relative: 1e-5, name)
        }
    }

    /// The maps that the authors' backbone hands to its head, from a network without one.
    @Test(arguments: ["bevanet_tiny", "bevanet_odd", "bevanet_all_attention"])
    func backboneEqualsTheAuthors(name: String) throws {
        let golden = try GoldenCase("segmentation/" + name)
        var settings = try configuration(golden.info["constructor"])
        settings.ppm = nil
        settings.numClasses = nil
        let store = ParameterStore()
        let network = BEVANet(ParameterScope(store), settings)
        try ParameterScope(store).load(
            golden.weights.namedTensors.filter { !isOfHead($0.name) }, from: name)
        let input = try golden.tensor("input")
        let outputs = network.outputs(input, Context(.evaluation))
        #expect(outputs.count == 4)
        let graph = Graph.trace(inputs: [input.shape]) {
            network.outputs($0[0], Context(.evaluation)).map(\.value)
        }
        let planned = Plan(graph)([input])
        for (output, replayed) in zip(outputs, planned) {
            let expected = try golden.tensor("eval." + output.name)
            #expect(output.value.shape == expected.shape)
            expectClose(
                output.value.elements, expected.elements, relative: 1e-5, output.name)
            expectClose(replayed.elements, expected.elements, relative: 1e-5, output.name)
        }
    }
}

/// The authors' lists of a published size.
private struct PublishedLists {
    let info: JSONValue
    let store = ParameterStore.unfilled()
    let network: BEVANet

    init(_ name: String) throws {
        info = try JSONValue.read(path: Goldens.folder + "/segmentation/full/\(name).json")
        network = BEVANet(ParameterScope(store), try configuration(info["constructor"]))
    }

    /// Names and shapes in the order of the state dict.
    func entries(_ key: String) -> [String] {
        (info[key]?.array ?? []).map { entry in
            let shape = entry.array?.last?.array?.compactMap(\.integer) ?? []
            return "\(entry.array?.first?.string ?? "") \(shape)"
        }
    }
}

@Suite struct BEVANetPublishedTests {
    @Test(arguments: ["bevanet_s_classifier", "bevanet_s_19", "bevanet_19"])
    func namesShapesAndOrderAreTheAuthors(name: String) throws {
        let lists = try PublishedLists(name)
        let actual = Dictionary(grouping: lists.store.parameters) { parameter in
            switch parameter.role {
            case .weight, .undecayed: "parameters"
            case .buffer, .counter: "buffers"
            }
        }
        for (key, parameters) in actual {
            #expect(
                parameters.map { "\($0.name) \($0.fileShape.dimensions)" } == lists.entries(key))
        }
    }

    /// Figures of the card: with the heads of training, and as it predicts.
    @Test(arguments: [
        ("bevanet_s_classifier", [224, 224], 1_342_962_136, 16_278_709),
        ("bevanet_s_19", [1024, 2048], 63_039_964_768, 15_186_004),
        ("bevanet_19", [1024, 2048], 244_506_235_232, 58_823_892),
    ])
    func multiplyAddsAreTheAuthors(
        name: String, size: [Int], multiplyAdds: Int, parameters: Int
    ) throws {
        let lists = try PublishedLists(name)
        let graph = Graph.trace(inputs: [[1, size[0], size[1], 3]]) {
            lists.network.outputs($0[0], Context(.evaluation)).map(\.value)
        }
        #expect(graph.multiplyAdds == multiplyAdds)
        #expect(lists.store.parameterCount == parameters)
    }

    @Test func predictionHasNoHeadsOfTraining() throws {
        let settings = BEVANetConfiguration.small.segmenting(classes: 11).withoutTrainingHeads
        let store = ParameterStore.unfilled()
        let network = BEVANet(ParameterScope(store), settings)
        let graph = Graph.trace(inputs: [[1, 720, 960, 3]]) {
            network.outputs($0[0], Context(.evaluation)).map(\.value)
        }
        #expect(graph.multiplyAdds == 19_895_597_000)
        #expect(store.parameterCount == 15_089_752)
    }

    @Test func figuresUnderTheFormulaAreTheAuthors() throws {
        let lists = try PublishedLists("bevanet_s_classifier")
        for parameter in lists.store.parameters {
            parameter.setFileElements(
                FormulaFill.values(parameter.name, parameter.fileShape.dimensions))
        }
        let x = Tensor(channelsFirst: [1, 3, 128, 128], fill("input", 1, 3, 128, 128))
        let logits = try #require(lists.network.outputs(x, Context(.evaluation)).first).value
        let figures = try #require(lists.info["outputs"]?["logits"])
        let samples = figures["values"]?.array?.compactMap(\.double) ?? []
        let deviation = figures["std"]?.double ?? 0
        #expect(samples.count == 32)
        for (i, expected) in samples.enumerated() {
            let actual = Double(logits.elements[i * (logits.count - 1) / 31])
            #expect(abs(actual - expected) <= 1e-3 * deviation)
        }
    }
}

@Suite struct BEVANetTests {
    private static let tiny: BEVANetConfiguration = {
        var settings = BEVANetConfiguration()
        settings.planes = 2
        settings.nBlocks = [1, 1, 1, 1, 1]
        settings.mlpExpand = [2, 2, 2]
        return settings
    }()

    private static let convolutional: BEVANetConfiguration = {
        var settings = tiny
        settings.semanticKernelSize = [0, 0, 0]
        settings.detailKernelSize = [0, 0]
        return settings
    }()

    @Test(arguments: [[1, 1], [2, 3], [31, 33], [43, 59], [64, 64]], [tiny, convolutional])
    func declaredFeaturesAreTheRealOnes(size: [Int], settings: BEVANetConfiguration) {
        let network = BEVANet(ParameterScope(ParameterStore()), settings)
        let maps = network(filled("input", [2, size[0], size[1], 3]), Context(.training))
        for (map, feature) in zip(maps, network.features) {
            let expected = size.map { ($0 + feature.stride - 1) / feature.stride }
            #expect(map.shape == Shape([2] + expected + [feature.channels]))
            #expect(map.elements.allSatisfy { $0.isFinite })
        }
        #expect(maps.count == 3)
    }

    @Test func frozenStagesGetNoGradients() {
        let store = ParameterStore()
        let scope = ParameterScope(store)
        let network = BEVANet(scope, Self.tiny)
        network.freezeStages(4, in: scope)
        for parameter in store.parameters {
            let isFifth = parameter.name.hasPrefix("layer5")
            #expect(parameter.isFrozen == !isFifth, "\(parameter.name)")
        }
    }

    @Test func onlyMatricesAndKernelsDecay() {
        let store = ParameterStore()
        _ = BEVANet(ParameterScope(store), Self.tiny)
        FamilyExpectations.onlyMatricesAndKernelsDecay(store)
    }

    @Test func stochasticDepthChangesTrainingAlone() {
        var settings = Self.tiny
        settings.dropPathRate = 0.9
        let network = BEVANet(ParameterScope(ParameterStore()), settings)
        FamilyExpectations.stochasticDepthChangesTrainingAlone(network)
    }
}

@Suite struct BEVANetConfigurationTests {
    private func decode(_ text: String) throws -> BEVANetConfiguration {
        try StrictDecoder.decode(
            BEVANetConfiguration.self,
            from: JSONValue(parsing: JSONSource(text: text, name: "a.json")),
            defaults: BEVANetConfiguration())
    }

    @Test(arguments: [BEVANetConfiguration.small, .base])
    func everyVariantSurvivesItsOwnText(settings: BEVANetConfiguration) throws {
        #expect(try decode(JSONValue(encoding: settings).text()) == settings)
    }

    /// A text with one mistake, and what its message must name.
    static let mistakes = [
        ("{\"kernel\": 7}", "kernel"),
        ("{\"lka\": \"VAN\"}", "lka"),
        ("{\"semantic_kernel_size\": [0, 35]}", "semantic_kernel_size"),
        ("{\"semantic_kernel_size\": [0, 9, 35]}", "semantic_kernel_size[1]"),
        ("{\"lka\": \"SLAK\", \"semantic_kernel_size\": [0, 35, 8]}", "semantic_kernel_size[2]"),
        ("{\"detail_kernel_size\": [53, 0]}", "detail_kernel_size[0]"),
        ("{\"mlp_expand\": [4, 4, 0]}", "mlp_expand"),
        ("{\"planes\": 1, \"mlp_expand\": [0.25, 4, 4]}", "mlp_expand"),
        ("{\"n_blocks\": [2, 2, 3, 3]}", "n_blocks"),
        ("{\"n_blocks\": [0, 2, 3, 3, 2]}", "n_blocks"),
        ("{\"planes\": 0}", "planes"),
        ("{\"last_planes\": 0}", "last_planes"),
        ("{\"drop_path_rate\": 1}", "drop_path_rate"),
        ("{\"num_classes\": 0}", "num_classes"),
        ("{\"num_classes\": 5, \"semantic_kernel_size\": [0, 35, 0]}", "semantic_kernel_size[2]"),
    ]

    @Test(arguments: mistakes) func mistakeIsRefusedWhereItStands(text: String, key: String) {
        FamilyExpectations.isRefused(key) { try decode(text) }
    }
}
