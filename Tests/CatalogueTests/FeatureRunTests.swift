import Catalogue
import Checkpoints
import Foundation
import JSONText
import Layers
import TestSupport
import Testing

/// A folder that is removed when the test ends.
private final class Workspace {
    let path = NSTemporaryDirectory() + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
        return file(name)
    }
}

@Suite struct FeatureRunTests {
    private static let settings = """
        {"name": "van", "embed_dims": [4, 6, 8, 10], "depths": [1, 0, 1, 1],
         "mlp_ratios": [2, 2, 2, 2], "drop_path_rate": 0.5
        """

    private let space: Workspace
    private let input: String

    init() throws {
        space = try Workspace()
        var writer = SafetensorsWriter()
        try writer.add("input", shape: [2, 3, 33, 47], fill("input", 2, 3, 33, 47))
        input = space.file("in.safetensors")
        try writer.write(to: input)
    }

    private func architecture(_ more: String = "") throws -> Architecture {
        try Architecture(path: space.write("arch.json", Self.settings + more + "}"))
    }

    private func files(output: String) -> FeatureRun.Files {
        FeatureRun.Files(input: input, output: output, cotangents: nil, gradients: nil)
    }

    @Test func savedWeightsGiveTheSameOutputs() throws {
        let first = try FeatureRun(architecture(), .initial(seed: 3))
        try first.writeWeights(to: space.file("w.safetensors"))
        try first.run(files(output: space.file("a.safetensors")), .evaluation)
        let second = try FeatureRun(architecture(), .file(space.file("w.safetensors")))
        try second.run(files(output: space.file("b.safetensors")), .evaluation)
        let bytes = try ["a", "b"].map {
            try Data(contentsOf: URL(fileURLWithPath: space.file($0 + ".safetensors")))
        }
        #expect(bytes[0] == bytes[1])
    }

    @Test func classifierAddsLogits() throws {
        let run = try FeatureRun(architecture(", \"num_classes\": 7"), .formula)
        let path = space.file("y.safetensors")
        try run.run(files(output: path), .evaluation)
        let file = try SafetensorsFile(path: path)
        #expect(Set(file.names) == ["logits", "stage1", "stage2", "stage3", "stage4"])
        #expect(file["logits"]?.shape == [2, 7])
        #expect(file["stage2"]?.shape == [2, 6, 5, 6])
    }

    @Test func gradientsOfUnnamedOutputsAreLeftOut() throws {
        var writer = SafetensorsWriter()
        try writer.add("stage1", shape: [2, 4, 9, 12], fill("cotangent.stage1", 2, 4, 9, 12))
        try writer.write(to: space.file("c.safetensors"))
        let run = try FeatureRun(architecture(), .formula)
        let path = space.file("g.safetensors")
        let files = FeatureRun.Files(
            input: input, output: nil, cotangents: space.file("c.safetensors"), gradients: path)
        try run.run(files, .training)
        let names = try SafetensorsFile(path: path).names
        #expect(names.contains("grad.input") && names.contains("grad.norm1.weight"))
        #expect(!names.contains { $0.contains("2.") && $0.hasPrefix("grad.patch_embed") })
    }

    @Test func trainingPassOfTooFewImagesIsRefused() throws {
        var writer = SafetensorsWriter()
        try writer.add("input", shape: [1, 3, 8, 8], fill("input", 1, 3, 8, 8))
        try writer.write(to: input)
        let path = try space.write("bevanet.json", "{\"name\": \"bevanet\", \"planes\": 2}")
        let run = try FeatureRun(Architecture(path: path), .formula)
        let files = files(output: space.file("y.safetensors"))
        try run.run(files, .evaluation)
        let error = #expect(throws: CatalogueError.self) { try run.run(files, .training) }
        #expect(error?.fix == "give at least 2 images")
    }

    @Test func weightsOfAnotherNetworkAreRefusedByName() throws {
        try FeatureRun(architecture(), .formula).writeWeights(to: space.file("w.safetensors"))
        let error = #expect(throws: LoadingError.self) {
            try FeatureRun(
                architecture(", \"num_classes\": 7"), .file(space.file("w.safetensors")))
        }
        #expect(error?.what.contains("2 missing: head.weight, head.bias") == true)
    }

    @Test(arguments: [[1, 4, 8, 8], [3, 8, 8], [1, 3, 0, 8]])
    func inputThatIsNoImageIsRefused(shape: [Int]) throws {
        var writer = SafetensorsWriter()
        try writer.add(
            "input", shape: shape, [Float](repeating: 0, count: shape.reduce(1, *)))
        try writer.write(to: input)
        let run = try FeatureRun(architecture(), .formula)
        let error = #expect(throws: CatalogueError.self) {
            try run.run(files(output: space.file("y.safetensors")), .evaluation)
        }
        #expect(error?.place == input + ", input")
    }
}

@Suite struct CheckpointReportTests {
    @Test func misfitsAreListedOnlyWhenAsked() throws {
        let path = Goldens.folder + "/checkpoints/mmdet_style.pth"
        let checkpoint = try Checkpoint(path: path)
        #expect(throws: LoadingError.self) {
            try CheckpointReport(checkpoint, model: "van_b0", partial: false)
        }
        let report = try CheckpointReport(checkpoint, model: "van_b0", partial: true)
        #expect(report.misfits?.missing.isEmpty == false)
        #expect(report.misfits?.misshapen.isEmpty == false)
        #expect(report.notes.contains("the weights under \"state_dict\" are taken"))
    }
}
