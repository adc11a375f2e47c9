import Backbones
import JSONText
import Testing

@Suite struct VANConfigurationTests {
    private func decode(_ text: String) throws -> VANConfiguration {
        try StrictDecoder.decode(
            VANConfiguration.self, from: JSONValue(parsing: JSONSource(text: text, name: "a.json")),
            defaults: VANConfiguration())
    }

    @Test(arguments: [VANConfiguration(), .b0, .b1, .b2, .b3, .b4, .b5, .b6])
    func everyVariantSurvivesItsOwnText(settings: VANConfiguration) throws {
        #expect(try decode(JSONValue(encoding: settings).text()) == settings)
    }

    @Test func keysAreTheAuthorsNames() throws {
        let settings = try decode(
            """
            {"embed_dims": [1, 2, 3, 4], "mlp_ratios": [8, 8, 4, 4], "depths": [1, 0, 2, 1],
             "linear": true, "drop_path_rate": 0.1, "num_classes": 7}
            """)
        #expect(settings.embedDims == [1, 2, 3, 4])
        #expect(settings.mlpRatios == [8, 8, 4, 4])
        #expect(settings.depths == [1, 0, 2, 1])
        #expect(settings.linear)
        #expect(settings.dropPathRate == 0.1)
        #expect(settings.numClasses == 7)
    }

    /// A text with one mistake, and what its message must name.
    static let mistakes = [
        ("{\"embed_dim\": [1, 2, 3, 4]}", "embed_dims"),
        ("{\"embed_dims\": [1, 2, 3]}", "embed_dims"),
        ("{\"embed_dims\": [1, 2, 3, 0]}", "embed_dims"),
        ("{\"embed_dims\": [1, 2, 3.5, 4]}", "embed_dims[2]"),
        ("{\"depths\": [1, 1, 1, -1]}", "depths"),
        ("{\"mlp_ratios\": [0, 8, 4, 4]}", "mlp_ratios"),
        ("{\"drop_path_rate\": 1}", "drop_path_rate"),
        ("{\"num_classes\": 0}", "num_classes"),
        ("{\"linear\": \"yes\"}", "linear"),
    ]

    @Test(arguments: mistakes) func mistakeIsRefusedWhereItStands(text: String, key: String) {
        FamilyExpectations.isRefused(key) { try decode(text) }
    }
}
