import Backbones
import Catalogue
import Checkpoints
import Foundation
import JSONText
import Layers
import Tensors
import TestSupport
import Testing

/// Files of other libraries, loaded under the authors' names.
@Suite struct BackboneCheckpointTests {
    /// A case with a map of names, and its family.
    struct Case: Sendable, CustomTestStringConvertible {
        let family: String
        let folder: String
        var testDescription: String { family }

        init(_ family: String, _ folder: String) {
            self.family = family
            self.folder = Goldens.folder + "/backbones/" + folder
        }

        /// The case's network, read as a user's file is.
        func architecture() throws -> any BackboneConfiguration {
            let info = try JSONValue.read(path: folder + "/case.json")
            var object = info["constructor"]?.object ?? JSONObject()
            object["name"] = JSONValue(.string(family))
            return try BackboneCatalogue.configuration(JSONValue(.object(object)))
        }

        /// The case's weights under the authors' names.
        func weights() throws -> Checkpoint {
            try Checkpoint(path: folder + "/weights.safetensors")
        }
    }

    static let cases = [Case("davit", "davit_tiny_case"), Case("shvit", "shvit_tiny")]

    /// The case's weights as timm would name them, under a prefix.
    private func timmFile(_ example: Case, prefix: String) throws -> String {
        let names = try JSONValue.read(path: example.folder + "/timm_names.json")["names"]
        let weights = try example.weights()
        let path = NSTemporaryDirectory() + UUID().uuidString + ".safetensors"
        try weights.renaming("") { prefix + (names?[$0]?.string ?? $0) }
            .writeSafetensors(to: path)
        return path
    }

    @Test(arguments: cases, ["", "module.", "backbone.", "module.backbone."])
    func filesOfTimmAreLoaded(example: Case, prefix: String) throws {
        let path = try timmFile(example, prefix: prefix)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let configuration = try example.architecture()
        let checkpoint = try Checkpoint(path: path).weights(of: configuration)
        #expect(checkpoint.notes.last == "names of timm are mapped")
        let store = ParameterStore.unfilled()
        _ = configuration.build(ParameterScope(store))
        try ParameterScope(store).load(checkpoint.namedTensors, from: path)
        let original = try example.weights()
        for tensor in original.namedTensors {
            #expect(try store[tensor.name]?.fileElements == tensor.elements())
        }
    }

    @Test(arguments: cases) func filesOfTheAuthorsStayAsTheyAre(example: Case) throws {
        let original = try example.weights()
        let checkpoint = try original.weights(of: example.architecture())
        #expect(checkpoint.tensors.map(\.name) == original.tensors.map(\.name))
        #expect(checkpoint.notes.isEmpty)
    }
}
