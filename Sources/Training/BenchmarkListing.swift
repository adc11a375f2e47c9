import Foundation
import JSONText
import Parallelism
import Tensors

/// What a benchmark measured, as text for people and as one JSON document.
public struct BenchmarkListing {
    private let name: String
    private let settings: Benchmark.Settings
    private let report: Benchmark.Report

    /// Makes a listing.
    ///
    /// - Parameters:
    ///   - name: The model.
    ///   - settings: What was timed.
    ///   - report: What was measured.
    public init(_ name: String, _ settings: Benchmark.Settings, _ report: Benchmark.Report) {
        self.name = name
        self.settings = settings
        self.report = report
    }

    private var fraction: Double { report.gflops / report.peakGflops }

    /// Lines for people.
    public var text: String {
        var lines = [
            "\(name)  \(settings.mode.rawValue)  batch \(settings.batch)  "
                + "\(settings.size[0])x\(settings.size[1])  "
                + "threads \(WorkerPool.shared.threadCount)  kernels \(KernelChoice.name)",
            String(
                format: "median %.2f ms  minimum %.2f ms  p90 %.2f ms", report.quantile(0.5),
                report.quantile(0), report.quantile(0.9)),
            String(
                format: "%.1f GFLOP/s of %.1f measured (%.0f %%)  peak memory %.0f MiB",
                report.gflops, report.peakGflops, 100 * fraction, report.peakMemory),
        ]
        if let replay = report.replay {
            lines.append(
                "\(replay.allocations) allocations and \(replay.forks) fork-joins a replay")
            let algorithms = replay.algorithms.sorted { $0.key < $1.key }
            lines.append(
                "convolutions: "
                    + algorithms.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
        }
        for layer in report.layers {
            lines.append(
                String(
                    format: "%9.3f ms %8.1f GFLOP/s %4.0f %%  ", layer.milliseconds, layer.gflops,
                    100 * layer.gflops / report.peakGflops) + layer.name)
        }
        return lines.joined(separator: "\n")
    }

    /// The JSON document of `bench --json`.
    ///
    /// - Parameter withLayers: Whether the operations are listed.
    /// - Returns: The text.
    public func json(withLayers: Bool) -> String {
        func count(_ value: Int?) -> JSONValue {
            value.map { JSONValue(.integer(Int64($0))) } ?? JSONValue(.null)
        }
        var object = JSONObject()
        object["model"] = JSONValue(.string(name))
        object["mode"] = JSONValue(.string(settings.mode.rawValue))
        object["size"] = JSONValue(.array(settings.size.map(count)))
        object["batch"] = count(settings.batch)
        object["threads"] = count(WorkerPool.shared.threadCount)
        object["runs"] = count(settings.runs)
        object["median_ms"] = JSONValue(.double(report.quantile(0.5)))
        object["min_ms"] = JSONValue(.double(report.quantile(0)))
        object["p90_ms"] = JSONValue(.double(report.quantile(0.9)))
        object["gflops"] = JSONValue(.double(report.gflops))
        object["peak_gflops"] = JSONValue(.double(report.peakGflops))
        object["peak_fraction"] = JSONValue(.double(fraction))
        object["peak_rss_mb"] = JSONValue(.double(report.peakMemory))
        object["allocations_per_replay"] = count(report.replay?.allocations)
        object["forks_per_replay"] = count(report.replay?.forks)
        object["kernels"] = JSONValue(.string(KernelChoice.name))
        if withLayers {
            object["layers"] = JSONValue(
                .array(
                    report.layers.map { layer in
                        var entry = JSONObject()
                        entry["name"] = JSONValue(.string(layer.name))
                        entry["ms"] = JSONValue(.double(layer.milliseconds))
                        entry["gflops"] = JSONValue(.double(layer.gflops))
                        entry["peak_fraction"] = JSONValue(
                            .double(layer.gflops / report.peakGflops))
                        return JSONValue(.object(entry))
                    }))
        }
        return JSONValue(.object(object)).text(.compact)
    }
}
