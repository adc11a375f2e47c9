import Backbones
import JSONText
import Testing

@Suite struct DaViTConfigurationTests {
    private func decode(_ text: String) throws -> DaViTConfiguration {
        try StrictDecoder.decode(
            DaViTConfiguration.self,
            from: JSONValue(parsing: JSONSource(text: text, name: "a.json")),
            defaults: DaViTConfiguration())
    }

    @Test(arguments: [
        DaViTConfiguration.tiny, .small, .base, .largeWindow12, .large, .huge, .giant,
    ])
    func everyVariantSurvivesItsOwnText(settings: DaViTConfiguration) throws {
        #expect(try decode(JSONValue(encoding: settings).text()) == settings)
    }

    @Test func keysAreTheAuthorsNames() throws {
        let settings = try decode(
            """
            {"embed_dims": [8, 12, 16, 24], "num_heads": [2, 3, 2, 4], "depths": [1, 0, 2, 1],
             "window_size": 4, "mlp_ratio": 3, "attention_types": ["channel"], "ffn": false,
             "qkv_bias": false, "overlapped_patch": true, "cpe_act": true,
             "drop_path_rate": 0.3, "num_classes": 7}
            """)
        #expect(settings.embedDims == [8, 12, 16, 24])
        #expect(settings.numHeads == [2, 3, 2, 4])
        #expect(settings.depths == [1, 0, 2, 1])
        #expect(settings.windowSize == 4 && settings.mlpRatio == 3)
        #expect(settings.attentionTypes == [.channel])
        #expect(!settings.ffn && !settings.qkvBias)
        #expect(settings.overlappedPatch && settings.cpeAct)
        #expect(settings.dropPathRate == 0.3 && settings.numClasses == 7)
    }

    /// A text with one mistake, and what its message must name.
    static let mistakes = [
        ("{\"embed_dim\": [1, 2, 3, 4]}", "embed_dims"),
        ("{\"embed_dims\": [96, 192, 384]}", "embed_dims"),
        ("{\"num_heads\": [3, 6, 12, 25]}", "num_heads"),
        ("{\"num_heads\": [3, 0, 12, 24]}", "num_heads"),
        ("{\"depths\": [1, 1, 1, -1]}", "depths"),
        ("{\"window_size\": 0}", "window_size"),
        ("{\"mlp_ratio\": 0.001}", "mlp_ratio"),
        ("{\"attention_types\": []}", "attention_types"),
        ("{\"attention_types\": [\"spatial\", \"chanel\"]}", "attention_types[1]"),
        ("{\"drop_path_rate\": 1}", "drop_path_rate"),
        ("{\"num_classes\": 0}", "num_classes"),
        ("{\"ffn\": 1}", "ffn"),
    ]

    @Test(arguments: mistakes) func mistakeIsRefusedWhereItStands(text: String, key: String) {
        FamilyExpectations.isRefused(key) { try decode(text) }
    }
}
