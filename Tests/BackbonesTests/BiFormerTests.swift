import Checkpoints
import JSONText
import Layers
import Tensors
import TestSupport
import Testing

@testable import Backbones

/// Expects that rows choose the same regions as the reference.
///
/// Regions of nothing but padding have equal keys and values, so any of them may stand for
/// another; the order inside of a row is free.
///
/// - Parameters:
///   - routes: Ours, `[N, regions, count]`.
///   - golden: Holds the reference.
///   - name: The reference's name.
///   - windows: Regions along each axis.
///   - size: Height and width of the map.
/// - Throws: The readers' errors.
private func expectSameRoutes(
    _ routes: Tensor, _ golden: GoldenCase, _ name: String, windows: Int, size: [Int]
) throws {
    let expected = try golden.io.integers(name).map { Int($0) }
    let region = size.map { ($0 + windows - 1) / windows }
    func rows(_ all: [Int]) -> [[Int]] {
        stride(from: 0, to: all.count, by: routes.shape[2]).map { start in
            let row = all[start..<start + routes.shape[2]]
            #expect(Set(row).count == row.count, "\(name) has a region twice")
            return row.map { index in
                let isEmpty =
                    index / windows * region[0] >= size[0]
                    || index % windows * region[1] >= size[1]
                return isEmpty ? -1 : index
            }.sorted()
        }
    }
    #expect(routes.shape.dimensions == golden.io[name]?.shape)
    #expect(rows(routes.elements.map { Int($0) }) == rows(expected), "\(name)")
}

/// The authors' constructor arguments, read as a user's file is.
private func decoded<Settings: BackboneConfiguration>(
    _ constructor: JSONValue?, over defaults: Settings
) throws -> Settings {
    var object = constructor?.object ?? JSONObject()
    // Classes of PyTorch, which follow from the family.
    for key in ["norm_layer", "block_norm"] { object[key] = nil }
    return try StrictDecoder.decode(
        Settings.self, from: JSONValue(.object(object)), defaults: defaults)
}

/// Settings of an attention of 8 channels and 2 heads, changed by a case.
private func routing(
    topK: Int, windows: Int = 3, _ change: (inout RoutingSettings) -> Void = { _ in }
) -> RoutingSettings {
    var settings = RoutingSettings(channels: 8, keyWidth: 8, heads: 2, windows: windows, topK: topK)
    change(&settings)
    return settings
}

// MARK: - Attention

@Suite struct BiLevelRoutingGoldenTests {
    /// The options of the attention, by the name of their case.
    static let cases: [(name: String, settings: RoutingSettings)] = [
        ("bra", routing(topK: 2)),
        ("bra_autopad", routing(topK: 4)),
        ("bra_emptyregions", routing(topK: 6)),
        ("bra_qkdim", routing(topK: 3) { $0.keyWidth = 6 }),
        ("bra_soft", routing(topK: 3) { $0.weighting = .soft }),
        ("bra_diff", routing(topK: 3) { $0.weighting = .differentiable(projected: true) }),
        ("bra_adaavg", routing(topK: 3) { $0.downsampling = .adaptive(.mean, 2) }),
        ("bra_adamax", routing(topK: 3) { $0.downsampling = .adaptive(.maximum, 2) }),
        ("bra_avgpool", routing(topK: 3) { $0.downsampling = .fixed(.mean, 2) }),
        ("bra_maxpool", routing(topK: 3) { $0.downsampling = .fixed(.maximum, 2) }),
        (
            "bra_nolepe",
            routing(topK: 9) {
                $0.sideKernel = 0
                $0.hasOutput = false
            }
        ),
    ]

    @Test(arguments: cases.indices) func attentionEqualsTheAuthors(index: Int) throws {
        let (name, settings) = Self.cases[index]
        let golden = try GoldenCase("backbones/piece_biformer_" + name, layout: .channelsLast)
        var routes: Tensor?
        try golden.check(.piece) { scope in
            let piece = BiLevelRoutingAttention(scope, settings)
            return { x, context in
                let record = RouteRecord()
                let out = NamedOutput("out", piece(x, record))
                guard !context.isTraining else { return [out] }
                routes = record.routes.first?.value
                return [out]
                    + record.routes.map {
                        NamedOutput("route.router", $0.value, kind: $0.kind)
                    }
            }
        }
        let size = try golden.io.required("input").shape[1...2]
        try expectSameRoutes(
            #require(routes), golden, "eval.route.router", windows: settings.windows,
            size: Array(size))
    }

    @Test func rewrittenAttentionEqualsTheAuthors() throws {
        try GoldenCase("backbones/piece_biformer_nchwbra").check(.piece) { scope in
            let piece = RefactoredRoutingAttention(scope, routing(topK: 4))
            return { x, _ in [NamedOutput("out", piece(x, nil))] }
        }
    }

    @Test(arguments: [
        ("attention", FullAttention.Position.none), ("attention_lepe", .ofInput(kernel: 5)),
    ])
    func fullAttentionEqualsTheAuthors(name: String, position: FullAttention.Position) throws {
        let golden = try GoldenCase("backbones/piece_biformer_" + name, layout: .channelsLast)
        try golden.check(.piece) { scope in
            let piece = FullAttention(scope, channels: 16, position: position)
            return { x, _ in [NamedOutput("out", piece(x))] }
        }
    }
}

// MARK: - Blocks and networks

@Suite struct BiFormerGoldenTests {
    @Test func blockOfConvolutionsEqualsTheAuthors() throws {
        try GoldenCase("backbones/piece_biformer_convblock").check(.piece) { scope in
            let block = BiFormer.Block(
                scope, BiFormer.BlockSettings(channels: 8, attention: .convolutions, mlpRatio: 3))
            return { [NamedOutput("out", block($0, $1, nil))] }
        }
    }

    @Test func blockWithNormsLastEqualsTheAuthors() throws {
        var settings = BiFormer.BlockSettings(
            channels: 8, attention: .routing(routing(topK: 2, windows: 2) { $0.sideKernel = 3 }),
            mlpRatio: 3)
        settings.layerScale = 0.1
        settings.isMLPLocal = true
        settings.isNormFirst = false
        let golden = try GoldenCase("backbones/piece_biformer_dwmlp_block")
        var routes: Tensor?
        try golden.check(.piece) { scope in
            let block = BiFormer.Block(scope, settings)
            return { x, context in
                let record = context.isTraining ? nil : RouteRecord()
                let out = NamedOutput("out", block(x, context, record))
                routes = record?.routes.first?.value ?? routes
                return [out] + (record?.routes ?? [])
            }
        }
        try expectSameRoutes(
            #require(routes), golden, "eval.route.attn", windows: 2, size: [4, 6])
    }

    @Test(arguments: ["biformer_tiny", "biformer_odd"])
    func networkEqualsTheAuthors(name: String) throws {
        let golden = try GoldenCase("backbones/" + name)
        let settings = try decoded(golden.info["constructor"], over: BiFormerConfiguration())
        var outputs: [NamedOutput] = []
        try golden.check(.network) { scope in
            let network = BiFormer(scope, settings)
            return { x, context in
                let now = network.outputs(x, context)
                if !context.isTraining { outputs = now }
                return now
            }
        }
        for output in outputs where output.kind == .integers {
            let stage = try #require(Int(output.name.dropFirst("route.stages.".count).prefix(1)))
            let map = try #require(outputs.first { $0.name == "stage\(stage + 1)" }).value
            try expectSameRoutes(
                output.value, golden, "eval." + output.name, windows: settings.nWin,
                size: [map.shape[1], map.shape[2]])
        }
    }
}

@Suite struct BiFormerPublishedTests {
    static let names = ["tiny", "small", "base"].map { "biformer_" + $0 }
    static let ablations: [(String, BiFormerSTLConfiguration)] = [
        ("biformer_stl", .nhwc), ("biformer_stl_nchw", .nchw),
    ]

    @Test(arguments: names) func namesShapesAndMultiplyAddsAreTheAuthors(name: String) throws {
        let size = try PublishedSize(name) { try decoded($0, over: BiFormerConfiguration()) }
        size.checkNamesAndShapes()
        size.checkMultiplyAdds()
    }

    @Test(arguments: ablations)
    func namesShapesAndMultiplyAddsAreTheAuthors(
        name: String, settings: BiFormerSTLConfiguration
    ) throws {
        let size = try PublishedSize(name) { try decoded($0, over: settings) }
        size.checkNamesAndShapes()
        size.checkMultiplyAdds()
    }

    @Test(arguments: [false, true])
    func figuresUnderTheFormulaAreTheAuthors(dense: Bool) throws {
        try PublishedSize("biformer_tiny", dense: dense) {
            try decoded($0, over: BiFormerConfiguration())
        }.checkFigures()
    }

    @Test(arguments: ablations)
    func figuresUnderTheFormulaAreTheAuthors(
        name: String, settings: BiFormerSTLConfiguration
    ) throws {
        try PublishedSize(name) { try decoded($0, over: settings) }.checkFigures()
    }
}

// MARK: - Behaviour

@Suite struct BiFormerTests {
    private static let tiny: BiFormerConfiguration = {
        var settings = BiFormerConfiguration()
        settings.embedDim = [8, 8, 16, 16]
        settings.qkDims = [8, 8, 16, 16]
        settings.depth = [1, 1, 2, 1]
        settings.headDim = 4
        settings.nWin = 3
        settings.topks = [1, 2, 4, -2]
        settings.normEval = false
        return settings
    }()

    @Test(arguments: [[1, 1], [2, 3], [31, 33], [43, 59], [64, 64]])
    func declaredFeaturesAreTheRealOnes(size: [Int]) {
        let network = BiFormer(ParameterScope(ParameterStore()), Self.tiny)
        let maps = network(filled("input", [2, size[0], size[1], 3]), Context(.training))
        for (map, feature) in zip(maps, network.features) {
            let expected = size.map { ($0 + feature.stride - 1) / feature.stride }
            #expect(map.shape == Shape([2] + expected + [feature.channels]))
            #expect(map.elements.allSatisfy { $0.isFinite })
        }
        #expect(maps.count == 4)
    }

    @Test(arguments: [true, false])
    func denseFormKeepsItsStatisticsIfAsked(normEval: Bool) {
        var settings = Self.tiny
        settings.normEval = normEval
        let store = ParameterStore()
        let network = BiFormer(ParameterScope(store), settings)
        _ = network(filled("input", [2, 32, 32, 3]), Context(.training))
        for buffer in store.parameters where buffer.role == .counter {
            #expect(buffer.value.scalar == (normEval ? 0 : 1), "\(buffer.name)")
        }
    }

    @Test func routesAreWrittenInEvaluationAlone() {
        let network = BiFormer(ParameterScope(ParameterStore()), Self.tiny)
        let x = filled("input", [1, 40, 32, 3])
        func routes(_ mode: Context.Mode) -> [String] {
            network.outputs(x, Context(mode)).filter { $0.kind == .integers }.map(\.name)
        }
        #expect(
            routes(.evaluation)
                == ["0.0", "1.0", "2.0", "2.1"].map { "route.stages.\($0).attn" })
        #expect(routes(.training).isEmpty)
    }

    @Test func frozenStagesGetNoGradientsAndKeepTheirStatistics() {
        let store = ParameterStore()
        let scope = ParameterScope(store)
        let network = BiFormer(scope, Self.tiny)
        network.freezeStages(2, in: scope)
        let before = store.parameters.map(\.value.elements)
        let (loss, tape) = Tape.record {
            let maps = network(filled("input", [2, 32, 32, 3]), Context(.training))
            return maps.dropFirst().reduce(maps[0].sum()) { $0 + $1.sum() }
        }
        tape.backward(from: loss)
        for (parameter, old) in zip(store.parameters, before) {
            if ["downsample_layers", "stages", "extra_norms"].contains(where: {
                parameter.name.hasPrefix($0 + ".0.") || parameter.name.hasPrefix($0 + ".1.")
            }) {
                #expect(parameter.gradient.value == nil, "\(parameter.name)")
                #expect(parameter.value.elements == old, "\(parameter.name)")
            } else if parameter.isTrained {
                #expect(parameter.gradient.value != nil, "\(parameter.name)")
            }
        }
    }

    @Test func onlyMatricesAndKernelsDecay() {
        let store = ParameterStore()
        _ = BiFormer(ParameterScope(store), Self.tiny)
        FamilyExpectations.onlyMatricesAndKernelsDecay(store)
    }

    @Test func stochasticDepthChangesTrainingAlone() {
        var settings = Self.tiny
        settings.dropPathRate = 0.9
        let network = BiFormer(ParameterScope(ParameterStore()), settings)
        FamilyExpectations.stochasticDepthChangesTrainingAlone(network)
    }
}
