import Foundation
import Testing

/// What `cvsuite bench --json` says of a small network.
@Suite struct BenchmarkTests {
    private struct Line: Decodable {
        let model, mode, kernels: String
        let size: [Int]
        let batch, threads, runs: Int
        let median_ms, min_ms, p90_ms, gflops, peak_gflops, peak_fraction, peak_rss_mb: Double
        let allocations_per_replay, forks_per_replay: Int?
    }

    private func bench(_ options: String...) throws -> Line {
        let run = try CommandRun(
            ["bench", "--model", "shvit_s1", "--size", "64x96", "--threads", "2", "--runs", "3"]
                + ["--json"] + options)
        #expect(run.code == 0, "\(run.error)")
        return try JSONDecoder().decode(Line.self, from: Data(run.output.utf8))
    }

    @Test func aPredictionRepeatsWhatWasAsked() throws {
        let line = try bench("--batch", "2")
        #expect(line.model == "shvit_s1" && line.mode == "predict" && line.size == [64, 96])
        #expect(line.batch == 2 && line.threads == 2 && line.runs == 3)
        #expect(line.min_ms <= line.median_ms && line.median_ms <= line.p90_ms)
        #expect(abs(line.peak_fraction - line.gflops / line.peak_gflops) < 1e-9)
        #expect(line.allocations_per_replay != nil && line.forks_per_replay ?? 0 > 0)
    }

    @Test func aTrainingStepHasNoReplayToCount() throws {
        let line = try bench("--mode", "train", "--batch", "2")
        #expect(line.mode == "train" && line.gflops > 0)
        #expect(line.allocations_per_replay == nil && line.forks_per_replay == nil)
    }

    /// The operating system keeps the peak of a process over `exec`, so a large parent could show.
    @Test func peakMemoryIsThatOfTheProgramAlone() throws {
        let ballast = [UInt8](repeating: 1, count: 400 << 20)
        let line = try bench()
        #expect(ballast.last == 1 && line.peak_rss_mb < 400 && line.peak_rss_mb > 10)
    }
}
