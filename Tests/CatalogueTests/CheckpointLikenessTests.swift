import Backbones
import Catalogue
import Checkpoints
import Foundation
import Layers
import Tensors
import TestSupport
import Testing

/// What is said of weights of another network than the one that was named.
@Suite struct CheckpointLikenessTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A checkpoint with the names and shapes of a published classifier; its values are a hole in
    /// the file.
    private func checkpoint(_ name: String) throws -> Checkpoint {
        let settings = try #require(BackboneCatalogue.entry(name, place: "test").published)
        let store = ParameterStore.outline()
        _ = settings.build(ParameterScope(store))
        var (entries, end) = ([String](), 0)
        for parameter in store.parameters {
            let start = end
            end += 4 * parameter.fileShape.count
            entries.append(
                """
                "\(parameter.name)": {"dtype": "F32", "shape": \(parameter.fileShape.dimensions),
                 "data_offsets": [\(start), \(end)]}
                """)
        }
        let header = Data("{\(entries.joined(separator: ", "))}".utf8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        let path = folder.path(name + ".safetensors")
        try (length + header).write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: UInt64(8 + header.count + end))
        try file.close()
        return try Checkpoint(path: path)
    }

    private func refusal(_ weights: Checkpoint, _ model: String) -> CatalogueError? {
        #expect(throws: CatalogueError.self) {
            try CheckpointReport(weights, model: model, partial: false)
        }
    }

    static let pairs = [
        ("van_b1", "van_b0"), ("davit_small", "davit_tiny"), ("shvit_s2", "shvit_s1"),
        ("biformer_small", "biformer_tiny"), ("biformer_stl_nchw", "biformer_stl"),
        ("bevanet_base", "bevanet_s"), ("shvit_s1", "van_b0"),
    ]

    @Test(arguments: pairs) func weightsOfAnotherVariantAreRecognised(
        weights: String, model: String
    ) throws {
        let error = refusal(try checkpoint(weights), model)
        #expect(
            error?.what.hasSuffix("; they look like \(weights)") == true, "\(error?.what ?? "")")
        #expect(error?.fix.hasPrefix("name \(weights) as the model") == true)
    }

    @Test func weightsOfNoVariantAreSaidToBeUnknown() throws {
        let path = folder.path("resnet.safetensors")
        var writer = SafetensorsWriter()
        for (name, shape) in [
            ("conv1.weight", [64, 3, 7, 7]), ("layer1.0.conv1.weight", [64, 64, 3, 3]),
            ("fc.weight", [10, 512]),
        ] {
            try writer.add(name, shape: shape, filled(name, Shape(shape)).elements)
        }
        try writer.write(to: path)
        let error = refusal(try Checkpoint(path: path), "bevanet_s")
        #expect(error?.what.hasSuffix("they look like no network of the catalogue") == true)
    }

    @Test func networksOfEqualShapesAreBothNamed() throws {
        let error = refusal(try checkpoint("davit_large"), "van_b0")
        #expect(
            error?.what.hasSuffix("they look like davit_large_window12_384 or davit_large") == true)
    }
}
