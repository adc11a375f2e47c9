import Backbones
import JSONText
import Testing

@Suite struct SHViTConfigurationTests {
    private func decode(_ text: String) throws -> SHViTConfiguration {
        try StrictDecoder.decode(
            SHViTConfiguration.self,
            from: JSONValue(parsing: JSONSource(text: text, name: "a.json")),
            defaults: SHViTConfiguration())
    }

    @Test(arguments: [SHViTConfiguration(), .s1, .s2, .s3, .s4])
    func everyVariantSurvivesItsOwnText(settings: SHViTConfiguration) throws {
        #expect(try decode(JSONValue(encoding: settings).text()) == settings)
    }

    @Test func keysAreTheAuthorsNames() throws {
        let settings = try decode(
            """
            {"embed_dim": [16, 18, 20], "partial_dim": [4, 6, 7], "qk_dim": [8, 9, 10],
             "depth": [1, 0, 2], "types": ["i", "s", "i"], "distillation": true,
             "frozen_stages": -1, "norm_eval": false, "drop_path_rate": 0.1, "num_classes": 7}
            """)
        #expect(settings.embedDim == [16, 18, 20])
        #expect(settings.partialDim == [4, 6, 7])
        #expect(settings.qkDim == [8, 9, 10])
        #expect(settings.depth == [1, 0, 2])
        #expect(settings.types == [.convolution, .attention, .convolution])
        #expect(settings.distillation && !settings.normEval)
        #expect(settings.frozenStages == -1)
        #expect(settings.dropPathRate == 0.1)
        #expect(settings.numClasses == 7)
    }

    /// A text with one mistake, and what its message must name.
    static let mistakes = [
        ("{\"embed_dims\": [16, 18, 20]}", "embed_dim"),
        ("{\"embed_dim\": [16, 18]}", "embed_dim"),
        ("{\"embed_dim\": [7, 18, 20]}", "embed_dim"),
        ("{\"partial_dim\": [0, 6, 7]}", "partial_dim"),
        ("{\"partial_dim\": [32, 257, 7]}", "partial_dim"),
        ("{\"qk_dim\": [16, 16, 0]}", "qk_dim"),
        ("{\"depth\": [1, 1, -1]}", "depth"),
        ("{\"types\": [\"i\", \"s\"]}", "types"),
        ("{\"types\": [\"i\", \"s\", \"x\"]}", "types[2]"),
        ("{\"frozen_stages\": 4}", "frozen_stages"),
        ("{\"drop_path_rate\": 1}", "drop_path_rate"),
        ("{\"num_classes\": 0}", "num_classes"),
    ]

    @Test(arguments: mistakes) func mistakeIsRefusedWhereItStands(text: String, key: String) {
        FamilyExpectations.isRefused(key) { try decode(text) }
    }
}
