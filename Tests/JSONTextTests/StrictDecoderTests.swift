import JSONText
import Testing

// MARK: - Configurations with everything that one may hold

private enum Activation: String, Codable, CaseIterable {
    case relu, gelu
    case hardSwish = "hard_swish"
}

private enum Normalization: Codable, Equatable {
    case batchNorm
    case groupNorm(groups: Int)
}

private struct Stage: Configuration, Equatable {
    var channels = 8
    var depth = 2

    func validate() throws {
        guard depth > 0 else {
            throw ConfigurationError(
                what: "depth is \(depth)", key: "depth", fix: "write 1 or more")
        }
    }
}

private struct Smoothing: Configuration, Equatable {
    var decay = 0.999
    var warmupSteps: Int?

    func validate() throws {}
}

private struct Model: Configuration, Equatable {
    var embedDims = [32, 64]
    var dropRate: Float = 0.1
    var activation = Activation.relu
    var norm = Normalization.batchNorm
    var stages = [Stage()]
    var weights: [String: Double] = ["box": 1]
    var average: Smoothing?
    var clipNorm: Double? = 35
    var useURLCache = false
    var head = Stage(channels: 1, depth: 1)

    func validate() throws {
        guard embedDims.allSatisfy({ $0 > 0 }) else {
            throw ConfigurationError(
                what: "a stage has no channels", key: "embed_dims[1]", fix: "write 1 or more")
        }
    }
}

private func decode(_ text: String) throws -> Model {
    let value = try JSONValue(parsing: JSONSource(text: text, name: "m.json"))
    return try StrictDecoder.decode(Model.self, from: value, defaults: Model())
}

// MARK: - What is read

@Test func emptyObjectGivesTheDefaults() throws {
    #expect(try decode("{}") == Model())
}

@Test func structMergesWhileListsAndDictionariesReplace() throws {
    let model = try decode(
        #"""
        {"embed_dims": [4], "drop_rate": 1, "activation": "hard_swish", "use_url_cache": true,
         "norm": {"group_norm": {"groups": 4}}, "stages": [{"depth": 5}, {}],
         "weights": {"class_loss": 2}, "average": {"warmup_steps": 7}, "clip_norm": null,
         "head": {"depth": 3}}
        """#)
    var expected = Model()
    expected.embedDims = [4]
    expected.dropRate = 1
    expected.activation = .hardSwish
    expected.useURLCache = true
    expected.norm = .groupNorm(groups: 4)
    expected.stages = [Stage(channels: 8, depth: 5), Stage()]
    expected.weights = ["class_loss": 2]
    expected.average = Smoothing(decay: 0.999, warmupSteps: 7)
    expected.clipNorm = nil
    expected.head = Stage(channels: 1, depth: 3)
    #expect(model == expected)
}

@Test func encodedConfigurationReadsBackEqual() throws {
    var model = Model()
    model.clipNorm = nil
    model.dropRate = 0.3
    model.norm = .groupNorm(groups: 32)
    model.average = Smoothing()
    model.weights = ["a.b": 0.1, "C": -0.0]
    for layout in [JSONWriter.Layout.compact, .pretty] {
        #expect(try decode(JSONValue(encoding: model).text(layout)) == model)
    }
}

@Test func treesPassThroughWithTheirPlaces() throws {
    struct Holder: Configuration {
        var backbone: JSONValue = ["name": "van"]
        func validate() throws {}
    }
    let source = JSONSource(text: "{\n\"backbone\": {\"name\": \"x\"}}", name: "m.json")
    let value = try JSONValue(parsing: source)
    let holder = try StrictDecoder.decode(Holder.self, from: value, defaults: Holder())
    #expect(holder.backbone == ["name": "x"])
    #expect(holder.backbone["name"]?.origin.description == "m.json:2:22")
    #expect(
        try StrictDecoder.decode(Holder.self, from: [:], defaults: Holder()).backbone["name"]
            == "van")
}

// MARK: - What is refused

private let known =
    "known keys: activation, average, clip_norm, drop_rate, embed_dims, head, norm, stages, "
    + "use_url_cache, weights"

@Test(arguments: [
    (
        "{\n  \"embed_dim\": [1]\n}", "unknown key \"embed_dim\"", "m.json:2:3, embed_dim",
        "use \"embed_dims\"; " + known
    ),
    (
        "{\"embedDims\": [1]}", "unknown key \"embedDims\"", "m.json:1:2, embedDims",
        "use \"embed_dims\"; " + known
    ),
    (
        "{\"optimizer\": {}}", "unknown key \"optimizer\"", "m.json:1:2, optimizer",
        "remove it, or use one of the " + known
    ),
    (
        "{\"stages\": [{}, {\"dept\": 3}]}", "unknown key \"dept\"", "m.json:1:18, stages[1].dept",
        "use \"depth\"; known keys: channels, depth"
    ),
    (
        "{\"head\": {\"chanels\": 3}}", "unknown key \"chanels\"", "m.json:1:11, head.chanels",
        "use \"channels\"; known keys: channels, depth"
    ),
    (
        "{\"norm\": {\"grup_norm\": {}}}", "unknown key \"grup_norm\"",
        "m.json:1:11, norm.grup_norm",
        "remove it, or use one of the known keys: batch_norm"
    ),
    (
        "{\"norm\": {\"batch_norm\": {\"groups\": 2}}}", "unknown key \"groups\"",
        "m.json:1:26, norm.batch_norm.groups", "remove it"
    ),
    (
        "{\"norm\": {\"group_norm\": {}}}", "the key \"groups\" is missing",
        "m.json:1:25, norm.group_norm.groups", "add it"
    ),
    (
        "{\"norm\": \"batch_norm\"}", "expected an object, found the text \"batch_norm\"",
        "m.json:1:10, norm", "write an object; the default is {\"batch_norm\":{}}"
    ),
    (
        "{\"embed_dims\": [8, 3.5]}", "expected an integer, found 3.5",
        "m.json:1:20, embed_dims[1]",
        "write an integer"
    ),
    (
        "{\"embed_dims\": [3.0]}", "expected an integer, found 3.0", "m.json:1:17, embed_dims[0]",
        "write an integer"
    ),
    (
        "{\"embed_dims\": 8}", "expected a list, found 8", "m.json:1:16, embed_dims",
        "write a list; the default is [32,64]"
    ),
    (
        "{\"embed_dims\": [9223372036854775808]}", "9223372036854775808 is out of range",
        "m.json:1:17, embed_dims[0]",
        "write an integer from -9223372036854775808 to 9223372036854775807"
    ),
    (
        "{\"drop_rate\": \"0.1\"}", "expected a number, found the text \"0.1\"",
        "m.json:1:15, drop_rate", "write a number; the default is 0.1"
    ),
    (
        "{\"drop_rate\": null}", "expected a number, found null", "m.json:1:15, drop_rate",
        "write a number; the default is 0.1"
    ),
    (
        "{\"use_url_cache\": 1}", "expected true or false, found 1", "m.json:1:19, use_url_cache",
        "write true or false; the default is false"
    ),
    (
        "{\"activation\": \"rellu\"}", "\"rellu\" is not allowed", "m.json:1:16, activation",
        "use \"relu\"; allowed are \"relu\", \"gelu\", \"hard_swish\""
    ),
    (
        "{\"weights\": {\"box\": {}}}", "expected a number, found an object",
        "m.json:1:21, weights.box", "write a number"
    ),
    (
        "{\"average\": {\"decay\": []}}", "expected a number, found a list",
        "m.json:1:23, average.decay", "write a number; the default is 0.999"
    ),
    (
        "{\"stages\": [{\"depth\": 1},\n {\"depth\": 0}]}", "depth is 0",
        "m.json:2:12, stages[1].depth",
        "write 1 or more"
    ),
    (
        "{\"embed_dims\": [4, 0]}", "a stage has no channels", "m.json:1:20, embed_dims[1]",
        "write 1 or more"
    ),
    ("[]", "expected an object, found a list", "m.json:1:1", "write an object"),
])
func wrongConfigurationIsRefused(text: String, what: String, place: String, fix: String) {
    let error = #expect(throws: ConfigurationError.self) { try decode(text) }
    #expect(error?.what == what)
    #expect(error?.place == place)
    #expect(error?.fix == fix)
}

@Test func equalKeysAreRefused() {
    let error = #expect(throws: JSONError.self) { try decode("{\"head\": {},\n \"head\": {}}") }
    #expect(
        error?.description == """
            error: the key "head" stands twice in one object
              in m.json:2:2
              fix: remove one of them; the first is in line 1
            """)
}

@Test func listWithoutDefaultsNamesMissingKeys() throws {
    struct Plain: Codable { var width: Int }
    let value = try JSONValue(parsing: JSONSource(text: "[{\"width\": 1}, {}]", name: "p.json"))
    let error = #expect(throws: ConfigurationError.self) {
        try StrictDecoder.decode([Plain].self, from: value)
    }
    #expect(
        error?.description == """
            error: the key "width" is missing
              in p.json:1:16, [1].width
              fix: add it
            """)
}
