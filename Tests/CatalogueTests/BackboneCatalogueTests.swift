import Backbones
import Catalogue
import JSONText
import Layers
import Testing

@Suite struct BackboneCatalogueTests {
    @Test func namesAreUnique() {
        let names = BackboneCatalogue.entries.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: BackboneCatalogue.entries) func defaultsAreValid(
        entry: BackboneCatalogue.Entry
    ) throws {
        try entry.configuration.validate()
        try entry.published?.validate()
        #expect(entry.configuration.numClasses == nil)
        #expect(
            entry.published?.numClasses
                == (entry.published == nil
                    ? nil : entry.published is BEVANetConfiguration ? 19 : 1000))
    }

    @Test func argumentsLieOverTheVariant() throws {
        let value = try JSONValue(
            parsing: JSONSource(
                text: "{\"name\": \"van_b1\", \"drop_path_rate\": 0.2}", name: "a.json"))
        var expected = VANConfiguration.b1
        expected.dropPathRate = 0.2
        let settings = try BackboneCatalogue.configuration(value)
        #expect(settings as? VANConfiguration == expected)
    }

    /// A text with one mistake, and what its message must hold.
    static let mistakes = [
        ("{\"name\": \"van_b9\"}", "van_b", "a.json:1:10, name"),
        ("{\"embed_dims\": [1, 2, 3, 4]}", "name", "a.json:1:1"),
        ("{\"name\": \"van\", \"embed_dim\": []}", "embed_dims", "a.json:1"),
        ("{\"name\": \"van\", \"norm_layer\": 1}", "norm_layer", "a.json:1"),
        (
            "{\"name\": \"van\", \"embed_dims\": [65536, 65536, 65536, 65536]}", "MB are there",
            "a.json:1"
        ),
    ]

    @Test(arguments: mistakes) func mistakeIsRefusedWhereItStands(
        text: String, word: String, place: String
    ) {
        let error = #expect(throws: (any Error).self) {
            try BackboneCatalogue.configuration(
                JSONValue(parsing: JSONSource(text: text, name: "a.json")))
        }
        let described = error as? any DescribedError
        #expect(described?.place.hasPrefix(place) == true, "\(described?.place ?? "")")
        #expect(described?.description.contains(word) == true)
    }
}
