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

    @Test func aPlanGivesTheSameOutputs() throws {
        let run = try FeatureRun(architecture(", \"num_classes\": 7"), .formula)
        let paths = ["direct", "plan"].map { space.file($0 + ".safetensors") }
        var files = files(output: paths[0])
        try run.run(files, .evaluation)
        files.output = paths[1]
        files.execution = .plan
        try run.run(files, .evaluation)
        let (direct, plan) = try (SafetensorsFile(path: paths[0]), SafetensorsFile(path: paths[1]))
        #expect(direct.names == plan.names)
        for name in direct.names {
            try expectClose(plan.floats(name), direct.floats(name), relative: 1e-5, "\(name)")
        }
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

    /// A shape that no output has, and a number that is none: in both cases nothing is written.
    @Test(arguments: [([2, 4], Float(1)), ([2, 4, 9, 12], .nan)])
    func cotangentsThatDoNotFitAreRefusedFirst(shape: [Int], value: Float) throws {
        var writer = SafetensorsWriter()
        try writer.add(
            "stage1", shape: shape, [Float](repeating: value, count: shape.reduce(1, *)))
        try writer.write(to: space.file("c.safetensors"))
        let run = try FeatureRun(architecture(), .formula)
        let output = space.file("y.safetensors")
        let files = FeatureRun.Files(
            input: input, output: output, cotangents: space.file("c.safetensors"),
            gradients: space.file("g.safetensors"))
        #expect(throws: CatalogueError.self) { try run.run(files, .training) }
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test func trainingPassOfTooFewImagesIsRefused() throws {
        var writer = SafetensorsWriter()
        try writer.add("input", shape: [1, 3, 32, 40], fill("input", 1, 3, 32, 40))
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
        let error = #expect(throws: CatalogueError.self) {
            try FeatureRun(
                architecture(", \"num_classes\": 7"), .file(space.file("w.safetensors")))
        }
        #expect(error?.what.contains("2 missing: head.weight, head.bias") == true)
        #expect(error?.what.contains("all but the head fits") == true)
        #expect(error?.fix.contains("num_classes") == true)
    }

    @Test func headOfAnotherClassCountBeginsAnewWhenAsked() throws {
        let file = space.file("w.safetensors")
        try FeatureRun(architecture(", \"num_classes\": 5"), .formula).writeWeights(to: file)
        let settings = try architecture(", \"num_classes\": 7")
        #expect(throws: CatalogueError.self) { try FeatureRun(settings, .file(file)) }
        let run = try FeatureRun(settings, .part(of: file, seed: 3))
        #expect(
            run.misfits == [
                "other shape: head.weight is [5, 10], the model has [7, 10]",
                "other shape: head.bias is [5], the model has [7]",
            ])
        try run.writeWeights(to: space.file("part.safetensors"))
        try FeatureRun(settings, .initial(seed: 3)).writeWeights(to: space.file("new.safetensors"))
        let taken = try SafetensorsFile(path: space.file("part.safetensors"))
        let new = try SafetensorsFile(path: space.file("new.safetensors"))
        let given = try SafetensorsFile(path: file)
        for name in taken.names {
            let origin = name.hasPrefix("head.") ? new : given
            #expect(try taken.floats(name) == origin.floats(name), "\(name)")
        }
    }

    @Test func fusedWeightsAreRefusedInTraining() throws {
        let folder = Goldens.folder + "/backbones/"
        let info = try JSONValue.read(path: folder + "shvit_tiny/case.json")
        var object = info["constructor"]?.object
        object?["name"] = JSONValue(.string("shvit"))
        let text = JSONValue(.object(try #require(object))).text()
        let settings = try Architecture(path: space.write("shvit.json", text))
        let weights = FeatureRun.Weights.file(folder + "shvit_tiny_fused/weights.safetensors")
        _ = try FeatureRun(settings, weights)
        let error = #expect(throws: CatalogueError.self) {
            try FeatureRun(settings, weights, mode: .training)
        }
        #expect(error?.what.contains("fused for evaluation") == true)
    }

    @Test func weightsOfWhichNothingFitsAreRefusedEvenInPart() throws {
        let shvit = try Architecture(path: space.write("shvit.json", "{\"name\": \"shvit\"}"))
        let file = space.file("w.safetensors")
        try FeatureRun(shvit, .formula).writeWeights(to: file)
        let error = #expect(throws: CatalogueError.self) {
            try FeatureRun(architecture(), .part(of: file, seed: 0))
        }
        #expect(error?.what.hasPrefix("nothing of the weights fits") == true)
    }

    @Test(arguments: [[1, 4, 64, 64], [3, 64, 64], [1, 3, 0, 64], [0, 3, 64, 64]])
    func inputThatIsNoImageIsRefused(shape: [Int]) throws {
        try expectRefusal(
            shape, [Float](repeating: 0, count: shape.reduce(1, *)), "images are [N, 3, H, W]")
    }

    @Test(arguments: [[1, 3, 16, 16], [1, 3, 1, 1], [2, 3, 64, 31]])
    func inputSmallerThanTheStrideIsRefused(shape: [Int]) throws {
        try expectRefusal(
            shape, [Float](repeating: 0, count: shape.reduce(1, *)), "stride 32")
    }

    @Test(arguments: [Float.nan, .infinity]) func inputThatIsNotFiniteIsRefused(
        value: Float
    ) throws {
        var elements = fill("input", 1, 3, 32, 32)
        elements[100] = value
        try expectRefusal([1, 3, 32, 32], elements, "not finite")
    }

    private func expectRefusal(_ shape: [Int], _ elements: [Float], _ words: String) throws {
        var writer = SafetensorsWriter()
        try writer.add("input", shape: shape, elements)
        try writer.write(to: input)
        let run = try FeatureRun(architecture(), .formula)
        let error = #expect(throws: CatalogueError.self) {
            try run.run(files(output: space.file("y.safetensors")), .evaluation)
        }
        #expect(error?.place == input + ", input")
        #expect(error?.what.contains(words) == true, "\(error?.what ?? "")")
        #expect(!FileManager.default.fileExists(atPath: space.file("y.safetensors")))
    }
}

@Suite struct CheckpointReportTests {
    @Test func misfitsAreListedOnlyWhenAsked() throws {
        let path = Goldens.folder + "/checkpoints/mmdet_style.pth"
        let checkpoint = try Checkpoint(path: path)
        #expect(throws: CatalogueError.self) {
            try CheckpointReport(checkpoint, model: "van_b0", partial: false)
        }
        let report = try CheckpointReport(checkpoint, model: "van_b0", partial: true)
        #expect(report.misfits?.missing.isEmpty == false)
        #expect(report.misfits?.misshapen.isEmpty == false)
        #expect(report.notes.contains("the weights under \"state_dict\" are taken"))
    }
}
