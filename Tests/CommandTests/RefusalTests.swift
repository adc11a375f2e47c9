import Foundation
import TestSupport
import Testing

/// What the built binary says about input that cannot be used.
@Suite struct RefusalTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func expectRefusal(
        _ arguments: [String], code: Int32 = 2, _ fragments: String...
    ) throws {
        let run = try CommandRun(arguments)
        #expect(run.code == code, "\(run.error)")
        #expect(code != 2 || run.error.hasPrefix("error: "))
        for fragment in fragments {
            #expect(run.error.contains(fragment), "no \"\(fragment)\" in: \(run.error)")
        }
    }

    private func train(_ overrides: String...) -> [String] {
        ["train", "--config", "Configs/quickstart.json", "--output", folder.path("run")]
            + overrides.flatMap { ["--set", $0] }
    }

    @Test func aMisspeltKeyIsRefusedWithTheRightOne() throws {
        try expectRefusal(train("data.rooot=x"), "rooot", "root")
        try expectRefusal(train("model.backbone.embed_dim=[1]"), "embed_dim", "embed_dims")
        #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }

    @Test func missingDataIsNamed() throws {
        try expectRefusal(train("data.root=/no/such/folder"), "/no/such/folder")
        #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }

    @Test func aRateOutOfRangeIsRefused() throws {
        try expectRefusal(train("training.optimizer.learning_rate=1e30"), "learning_rate")
    }

    @Test(arguments: [
        "training.epochs=9223372036854775807", "training.batch_size=9223372036854775807",
        "training.accumulation=9223372036854775807", "data.num_classes=automatic",
    ]) func absurdNumbersAreRefusedWithTheirPlace(setting: String) throws {
        let key = setting.prefix { $0 != "=" }
        try expectRefusal(train(setting), "  in --set \(setting), \(key)")
    }

    @Test func anUnknownSectionIsRefusedWithAllThatExist() throws {
        try expectRefusal(train("trainin.epochs=1"), "\"training\"", "model")
    }

    @Test func aBatchBeyondTheMemoryIsRefused() throws {
        let data = folder.path("data")
        let made = try CommandRun(["data", "demo", "--out", data, "--images", "6"])
        #expect(made.code == 0, "\(made.error)")
        let run = try CommandRun(train("data.root=\(data)", "training.batch_size=65536"))
        #expect(run.code == 2 && run.error.contains("MB of memory"), "\(run.error)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }

    @Test func anEmptyOutputIsAWrongCommandLine() throws {
        try expectRefusal(
            ["train", "--config", "Configs/quickstart.json", "--output", ""], code: 64, "--output")
        try expectRefusal(
            ["predict", ".", "--run", "runs/x", "--output", ""], code: 64, "--output")
        try expectRefusal(["data", "demo", "--out", ""], code: 64, "--out")
    }

    @Test func aReportDoesNotReplaceItsInput() throws {
        let truth = folder.path("truth.json")
        let text = "{\"images\": [], \"categories\": [], \"annotations\": []}"
        try Data(text.utf8).write(to: URL(fileURLWithPath: truth))
        try expectRefusal(
            ["eval", "--gt", truth, "--dt", "x.json", "--report", truth], "is an input")
        try expectRefusal(
            ["eval", "--gt", truth, "--dt", "x.json", "--report", "/no/such/folder/r.html"],
            "/no/such/folder")
        #expect(try String(contentsOfFile: truth, encoding: .utf8) == text)
    }

    @Test func twoOutputsAreTwoFiles() throws {
        let file = folder.path("y.safetensors")
        try expectRefusal(
            ["features", "--model", "van_b0", "--input", "x", "--output", file, "--buffers", file],
            "same file", file)
    }

    @Test func aFolderThatCannotBeMadeIsAFailureWithItsReason() throws {
        let file = folder.path("file")
        try Data().write(to: URL(fileURLWithPath: file))
        let demo = try CommandRun(["data", "demo", "--out", file, "--images", "3"])
        #expect(demo.code == 1 && demo.error.hasPrefix("error: "), "\(demo.error)")
    }

    @Test func aLostResultIsAFailure() throws {
        let full = try CommandRun(shell: "\"$0\" models > /dev/full")
        #expect(full.code == 1 && full.error.hasPrefix("error: "), "\(full.error)")
        let silent = try CommandRun(shell: "\"$0\" eval --gt none --dt none 2> /dev/full")
        #expect(silent.code == 2)
    }

    @Test func aPartThatDoesNotFitIsNamed() throws {
        try expectRefusal(train("model.head.norm_cfg.num_groups=7"), "num_groups", "divide")
        try expectRefusal(train("model.head.name=\"yolo\""), "yolo", "atss")
    }

    @Test func weightsThatAreNoneAreRefused() throws {
        let file = folder.path("weights.safetensors")
        try Data("version https://git-lfs.github.com/spec/v1\n".utf8)
            .write(to: URL(fileURLWithPath: file))
        try expectRefusal(
            ["predict", "Configs", "--weights", file, "--output", folder.path("found")],
            "weights.safetensors")
        #expect(!FileManager.default.fileExists(atPath: folder.path("found")))
    }

    @Test func aWrongCommandLineEndsWith64() throws {
        try expectRefusal(["predict", "x.jpg"], code: 64, "--run", "--weights")
        try expectRefusal(["train"], code: 64, "--config")
        try expectRefusal(["bench", "--model", "van_b0", "--size", "axb"], code: 64, "size")
    }

    @Test func imagesSmallerThanTheStrideAreRefused() throws {
        try expectRefusal(["bench", "--model", "van_b0", "--size", "8x8"], "--size", "32x32")
        try expectRefusal(["models", "van_b0", "--size", "31x64"], "31x64", "32x32")
    }

    @Test(arguments: ["predict", "train"])
    func aBenchBeyondTheMemoryIsRefused(mode: String) throws {
        try expectRefusal(
            [
                "bench", "--model", "van_b0", "--size", "16384x16384", "--batch", "4096",
                "--mode", mode,
            ], "MB of memory", "--batch and --size")
    }

    @Test(arguments: [("v9", Int32(2)), ("", Int32(0))])
    func onlyKnownKernelsCanBeAskedFor(kernels: String, code: Int32) throws {
        let run = try CommandRun(["models"], environment: ["CVSUITE_KERNELS": kernels])
        #expect(run.code == code, "\(run.error)")
        #expect(code == 0 || run.error.contains("\"v9\""))
    }

    @Test func aDetectorOfAnUnknownBackboneIsNamed() throws {
        try expectRefusal(["bench", "--model", "van_b9_atss"], "the name of the model", "van_b0")
    }

    @Test func benchOfTooFewTrainingImagesIsRefused() throws {
        try expectRefusal(
            ["bench", "--model", "bevanet_s", "--mode", "train"], "--batch", "at least 2")
    }

    @Test func partOfNoWeightsIsRefused() throws {
        try expectRefusal(train("training.partial_weights=true"), "initial_weights")
        try expectRefusal(
            ["features", "--model", "van_b0", "--partial", "--input", "x"], code: 64, "--weights")
    }

    @Test func unknownModelsAreNamed() throws {
        try expectRefusal(["bench", "--model", "van_b9"], "van_b9")
    }
}
