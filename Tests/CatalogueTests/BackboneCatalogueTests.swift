import Backbones
import Catalogue
import JSONText
import Layers
import Tensors
import TestSupport
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
        try entry.published.validate()
        #expect(entry.configuration.numClasses == nil)
        #expect(entry.published.numClasses == entry.publishedClasses)
    }

    /// The smallest published network of each family: what is declared is what it gives.
    @Test func declaredFeaturesAreTheRealOnesAtAnOddSize() {
        var families: Set<String> = []
        for entry in BackboneCatalogue.variants where families.insert(entry.family).inserted {
            let store = ParameterStore()
            let backbone = entry.configuration.build(ParameterScope(store))
            let (maps, tape) = Tape.record {
                backbone(filled("input", [2, 67, 45, 3]), Context(.training))
            }
            for (map, feature) in zip(maps, backbone.features) {
                #expect(map.shape.channels == feature.channels)
                #expect(map.shape[1] == (67 + feature.stride - 1) / feature.stride)
                #expect(map.shape[2] == (45 + feature.stride - 1) / feature.stride)
            }
            #expect(maps.count == backbone.features.count)
            tape.backward(from: maps.map { ($0, Tensor(shape: $0.shape, repeating: 1)) })
            for parameter in store.parameters where parameter.isTrained {
                let gradient = parameter.gradient.value?.elements ?? [.nan]
                #expect(gradient.allSatisfy { $0.isFinite }, "\(entry.name) \(parameter.name)")
            }
        }
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
