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
    private static let folder = Goldens.folder + "/backbones/davit_tiny_case"

    /// The case's network, read as a user's file is.
    private func architecture() throws -> any BackboneConfiguration {
        let info = try JSONValue.read(path: Self.folder + "/case.json")
        var object = info["constructor"]?.object ?? JSONObject()
        object["name"] = JSONValue(.string("davit"))
        return try BackboneCatalogue.configuration(JSONValue(.object(object)))
    }

    /// The case's weights as timm would name them, under a prefix.
    private func timmFile(prefix: String) throws -> String {
        let names = try JSONValue.read(path: Self.folder + "/timm_names.json")["names"]
        let weights = try Checkpoint(path: Self.folder + "/weights.safetensors")
        let path = NSTemporaryDirectory() + UUID().uuidString + ".safetensors"
        try weights.renaming("") { prefix + (names?[$0]?.string ?? $0) }
            .writeSafetensors(to: path)
        return path
    }

    @Test(arguments: ["", "module.", "backbone.", "module.backbone."])
    func filesOfTimmAreLoaded(prefix: String) throws {
        let path = try timmFile(prefix: prefix)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let configuration = try architecture()
        let checkpoint = try Checkpoint(path: path).weights(of: configuration)
        #expect(checkpoint.notes.last == "names of timm are mapped")
        let store = ParameterStore.unfilled()
        _ = configuration.build(ParameterScope(store))
        try ParameterScope(store).load(checkpoint.namedTensors, from: path)
        let original = try Checkpoint(path: Self.folder + "/weights.safetensors")
        for tensor in original.namedTensors {
            #expect(try store[tensor.name]?.fileElements == tensor.elements())
        }
    }

    @Test func filesOfTheAuthorsStayAsTheyAre() throws {
        let original = try Checkpoint(path: Self.folder + "/weights.safetensors")
        let checkpoint = try original.weights(of: architecture())
        #expect(checkpoint.tensors.map(\.name) == original.tensors.map(\.name))
        #expect(checkpoint.notes.isEmpty)
    }
}
