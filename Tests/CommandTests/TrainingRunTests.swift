import Foundation
import TestSupport
import Testing

/// Whole runs of the built binary on a small data set that it draws itself.
@Suite(.serialized) struct TrainingRunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let small = [
        "model.backbone={\"name\": \"van\", \"embed_dims\": [8, 8, 16, 16], "
            + "\"depths\": [1, 1, 1, 1], \"mlp_ratios\": [2, 2, 2, 2], \"drop_path_rate\": 0.2}",
        "model.neck.out_channels=16", "model.head.feat_channels=16",
        "model.head.norm_cfg.num_groups=4", "preprocessing.height=96", "preprocessing.width=128",
        "training.batch_size=3", "training.epochs=2", "training.evaluation_interval=1",
        "training.log_interval=1", "augmentation.mosaic=0.3",
        "augmentation.multi_scale=[96, 128]",
    ]

    private func data() throws -> String {
        let path = folder.path("data")
        let run = try CommandRun([
            "data", "demo", "--kind", "baggage", "--out", path, "--images", "14", "--seed", "3",
        ])
        #expect(run.code == 0, "\(run.error)")
        return path
    }

    private func arguments(_ data: String, _ output: String, _ more: [String] = []) -> [String] {
        let overrides = Self.small + ["data.root=\(data)"]
        return ["train", "--config", "Configs/quickstart.json", "--output", folder.path(output)]
            + overrides.flatMap { ["--set", $0] } + more
    }

    private func bytes(_ run: String, _ name: String = "weights/last.safetensors") -> Data? {
        FileManager.default.contents(atPath: folder.path(run) + "/" + name)
    }

    @Test func equalSeedsGiveEqualBytes() throws {
        let data = try data()
        let variants = [
            ("a", ["--threads", "1"], "data.workers=0"),
            ("b", ["--threads", "2"], "data.workers=2"),
        ]
        for (name, flags, workers) in variants {
            let run = try CommandRun(arguments(data, name, flags + ["--set", workers]))
            #expect(run.code == 0, "\(run.error)")
        }
        let first = try #require(bytes("a"))
        #expect(first == bytes("b"))
        let other = try CommandRun(arguments(data, "c", ["--seed", "1"]))
        #expect(other.code == 0)
        #expect(bytes("c") != first)
    }

    @Test(arguments: [("metrics.jsonl", 60), ("config.json", 4)])
    func anInterruptedRunGoesOnExactly(after file: String, epochs: Int) throws {
        let data = try data()
        // Long enough that the interrupt comes before the end.
        let long = [
            "--set", "training.epochs=\(epochs)", "--set", "training.evaluation_interval=0",
        ]
        let whole = try CommandRun(arguments(data, "whole", long))
        #expect(whole.code == 0, "\(whole.error)")
        let log = folder.path("broken/" + file)
        let broken = try CommandRun(arguments(data, "broken", long)) { process in
            waitForLine(in: log)
            process.interrupt()
        }
        #expect(broken.code == 130, "\(broken.error)")
        #expect(broken.error.contains("--resume"))
        let resumed = try CommandRun(arguments(data, "broken", long + ["--resume"]))
        #expect(resumed.code == 0, "\(resumed.error)")
        #expect(bytes("whole") == bytes("broken"))
    }

    @Test func aKilledRunGoesOnFromItsLastEpoch() throws {
        let data = try data()
        let long = ["--set", "training.epochs=12", "--set", "training.evaluation_interval=0"]
        let whole = try CommandRun(arguments(data, "whole", long))
        #expect(whole.code == 0, "\(whole.error)")
        let state = folder.path("broken/state/last.safetensors")
        _ = try CommandRun(arguments(data, "broken", long)) { process in
            waitForFile(state)
            kill(process.processIdentifier, SIGKILL)
        }
        let resumed = try CommandRun(arguments(data, "broken", long + ["--resume"]))
        #expect(resumed.code == 0, "\(resumed.error)")
        #expect(bytes("whole") == bytes("broken"))
    }

    @Test func anEvaluationThatWasKilledIsMadeUp() throws {
        let data = try data()
        let whole = try CommandRun(arguments(data, "whole"))
        #expect(whole.code == 0, "\(whole.error)")
        // The state is saved first when the evaluation after the first epoch begins.
        let state = folder.path("broken/state/last.safetensors")
        _ = try CommandRun(arguments(data, "broken")) { process in
            waitForFile(state)
            kill(process.processIdentifier, SIGKILL)
        }
        let resumed = try CommandRun(arguments(data, "broken", ["--resume"]))
        #expect(resumed.code == 0, "\(resumed.error)")
        #expect(bytes("whole") == bytes("broken"))
        #expect(try evaluations("whole") == evaluations("broken"))
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder.path("broken/state"))
        #expect(names == ["last.safetensors"], "nothing half-written is left")
    }

    /// The lines of a run's metrics that evaluations wrote.
    private func evaluations(_ run: String) throws -> [Substring] {
        let text = try String(contentsOfFile: folder.path(run) + "/metrics.jsonl", encoding: .utf8)
        return text.split(separator: "\n").filter { $0.contains("AP50") }
    }

    @Test func aRunWhoseValidationHasNoObjectsHasBestWeights() throws {
        let data = try data()
        let file = data + "/annotations/val.json"
        let bytes = try #require(FileManager.default.contents(atPath: file))
        var content = try JSONSerialization.jsonObject(with: bytes) as? [String: Any] ?? [:]
        content["annotations"] = [Any]()
        try JSONSerialization.data(withJSONObject: content).write(to: URL(fileURLWithPath: file))
        let run = try CommandRun(arguments(data, "run"))
        #expect(run.code == 0 && run.error.contains("no objects"), "\(run.error)")
        #expect(self.bytes("run", "weights/best.safetensors") != nil)
        let again = try CommandRun([
            "config", "check", folder.path("run/config.json"), "--set", "training.epochs=3",
        ])
        #expect(again.code == 0, "the config of a run is a config: \(again.error)")
    }

    @Test func aFinishedRunIsLeftAlone() throws {
        let data = try data()
        #expect(try CommandRun(arguments(data, "run")).code == 0)
        let before = bytes("run")
        let resumed = try CommandRun(arguments(data, "run", ["--resume"]))
        #expect(resumed.code == 0)
        #expect(resumed.error.contains("finished"))
        let again = try CommandRun(arguments(data, "run"))
        #expect(again.code == 2)
        #expect(again.error.contains("--overwrite"))
        let changed = try CommandRun(
            arguments(data, "run", ["--resume", "--set", "training.batch_size=2"]))
        #expect(changed.code == 2)
        #expect(changed.error.contains("training.batch_size"))
        #expect(bytes("run") == before)
    }

    @Test func aTrainedDetectorPredictsAndIsScored() throws {
        let data = try data()
        let trained = try CommandRun(arguments(data, "run"))
        #expect(trained.code == 0, "\(trained.error)")
        for name in [
            "config.json", "log.txt", "metrics.jsonl", "curves.svg", "weights/best.safetensors",
            "samples/train_1.jpg", "samples/val_1.jpg",
        ] {
            #expect(bytes("run", name) != nil, "\(name) is missing")
        }
        let predicted = try CommandRun([
            "predict", data + "/images", "--annotations", data + "/annotations/val.json", "--run",
            folder.path("run"), "--output", folder.path("found"), "--score", "0",
        ])
        #expect(predicted.code == 0, "\(predicted.error)")
        let listed = try CommandRun([
            "eval", "--gt", data + "/annotations/val.json", "--dt",
            folder.path("found/predictions.json"), "--iou-type", "bbox", "--json",
        ])
        let scored = try CommandRun([
            "eval", "--run", folder.path("run"), "--split", "val", "--json",
        ])
        #expect(listed.code == 0 && scored.code == 0, "\(listed.error)\(scored.error)")
        #expect(try stats(listed.output) == stats(scored.output))
    }

    private func stats(_ text: String) throws -> [Double] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let stats = (object as? [String: Any])?["stats"] as? [Double]
        return try #require(stats)
    }
}

/// Waits until a file holds a line, at most half a minute.
private func waitForLine(in path: String) {
    for _ in 0..<3000 {
        if let data = FileManager.default.contents(atPath: path), !data.isEmpty { return }
        usleep(10_000)
    }
}

/// Waits until a file is there, at most half a minute.
private func waitForFile(_ path: String) {
    for _ in 0..<3000 where !FileManager.default.fileExists(atPath: path) { usleep(10_000) }
}
