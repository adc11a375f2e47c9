import CMachine
import Foundation
import KernelInterface
import Layers
import Parallelism
import Tensors

/// Times a model: the replay of its plan, or a whole training step.
public struct Benchmark {
    /// What is timed.
    public enum Mode: String, Sendable, CaseIterable {
        /// The replay of a plan on an image in memory, to the raw outputs.
        case predict
        /// Forward, cross-entropy on given labels, backward and an AdamW step.
        case train
    }

    /// What is timed, how large and how often.
    public struct Settings: Sendable {
        /// What is timed.
        public var mode: Mode
        /// Height and width of the images.
        public var size: [Int]
        /// Images of a call.
        public var batch: Int
        /// Timed calls.
        public var runs: Int

        /// Makes settings.
        ///
        /// - Parameters:
        ///   - mode: What is timed.
        ///   - size: Height and width of the images.
        ///   - batch: Images of a call.
        ///   - runs: Timed calls.
        public init(mode: Mode, size: [Int], batch: Int, runs: Int) {
            self.mode = mode
            self.size = size
            self.batch = batch
            self.runs = runs
        }
    }

    /// One operation's share of the time.
    public struct LayerTime: Sendable {
        /// Layer and operation.
        public let name: String
        /// Median milliseconds.
        public let milliseconds: Double
        /// Multiply-adds of a call, twice, in 1e9 a second.
        public let gflops: Double
    }

    /// What one replay of a plan does.
    public struct ReplayCounts: Sendable {
        /// Heap allocations.
        public let allocations: Int
        /// Fork-joins.
        public let forks: Int
        /// Convolutions by the algorithm that their shapes allow.
        public let algorithms: [String: Int]
    }

    /// What was measured.
    public struct Report: Sendable {
        /// Milliseconds of each timed call, ascending.
        public let milliseconds: [Double]
        /// Twice the multiply-adds (three times that for training), in 1e9 a second.
        public let gflops: Double
        /// The fused multiply-add rate of the same threads, in 1e9 a second.
        public let peakGflops: Double
        /// The most resident memory of the process, in MiB.
        public let peakMemory: Double
        /// What one replay does; nil for training.
        public let replay: ReplayCounts?
        /// Times of the operations, where asked for.
        public let layers: [LayerTime]

        /// A quantile of the calls, interpolated linearly.
        ///
        /// - Parameter part: 0 to 1.
        /// - Returns: Milliseconds.
        public func quantile(_ part: Double) -> Double {
            let position = part * Double(milliseconds.count - 1)
            let lower = Int(position)
            let upper = min(lower + 1, milliseconds.count - 1)
            let share = position - Double(lower)
            return milliseconds[lower] * (1 - share) + milliseconds[upper] * share
        }
    }

    private let model: BenchmarkModel
    private let settings: Settings
    private let image: Tensor
    private let multiplyAdds: Int

    /// Prepares a benchmark.
    ///
    /// - Parameters:
    ///   - model: The model.
    ///   - settings: What is timed.
    /// - Throws: `WorkError` when the memory does not suffice.
    public init(_ model: BenchmarkModel, _ settings: Settings) throws {
        self.model = model
        self.settings = settings
        let shape: Shape = [settings.batch, settings.size[0], settings.size[1], 3]
        let graph = Self.trace(model, shape)
        try Self.forecast(model, graph, settings.mode).refuse()
        multiplyAdds = graph.multiplyAdds
        var generator = RandomGenerator(seed: 0, stream: "benchmark")
        image = Tensor(shape: shape) { image in
            for index in 0..<shape.count { image[index] = generator.normal() }
        }
    }

    private static func forecast(
        _ model: BenchmarkModel, _ graph: Graph, _ mode: Mode
    ) -> MemoryForecast {
        let place = "--batch and --size"
        switch mode {
        case .predict: return MemoryForecast(replay: graph, place: place)
        case .train:
            let weights = model.store.parameters.reduce(0) { $0 + $1.value.count }
            return MemoryForecast(graph, weights: weights, batchSize: 1, place: place)
        }
    }

    private static func trace(_ model: BenchmarkModel, _ shape: Shape) -> Graph {
        Graph.trace(inputs: [shape]) { model.forward($0[0], Context(.evaluation)) }
    }

    /// Runs it.
    ///
    /// - Parameter timesLayers: Whether each operation is timed as well.
    /// - Returns: What was measured.
    public func callAsFunction(timesLayers: Bool) -> Report {
        let peak = Self.measurePeak()
        switch settings.mode {
        case .predict: return predict(peak, timesLayers)
        case .train: return train(peak, timesLayers)
        }
    }

    // MARK: - Prediction

    private func predict(_ peak: Double, _ timesLayers: Bool) -> Report {
        let plan = Plan(Self.trace(model, image.shape))
        image.withElements { plan.input(0).update(from: $0, count: image.count) }
        let times = time(warmup: 5) { plan.replay() }
        let allocations = cm_allocation_count()
        let forks = WorkerPool.shared.forkCount
        plan.replay()
        let counts = ReplayCounts(
            allocations: Int(cm_allocation_count() - allocations),
            forks: WorkerPool.shared.forkCount - forks,
            algorithms: plan.algorithms.compactMap(\.self).reduce(into: [:]) {
                $0[$1, default: 0] += 1
            })
        return report(
            times, peak: peak, passes: 1, replay: counts,
            layers: timesLayers ? layerTimes(plan) : [])
    }

    private func layerTimes(_ plan: Plan) -> [LayerTime] {
        let nodes = plan.steps
        var times = [[UInt64]](repeating: [], count: nodes.count)
        for _ in 0..<settings.runs { plan.replay { times[$0].append($1) } }
        let algorithms = plan.algorithms.map { name in name.map { " (\($0))" } ?? "" }
        return zip(zip(nodes, algorithms), times).map { step, times in
            let (node, algorithm) = step
            let median = Double(times.sorted()[times.count / 2]) / 1e6
            return LayerTime(
                name: node.name + algorithm, milliseconds: median,
                gflops: 2 * Double(node.multiplyAdds) / max(median, 1e-6) / 1e6)
        }
    }

    // MARK: - Training

    private func train(_ peak: Double, _ timesLayers: Bool) -> Report {
        var rule = OptimizerConfiguration()
        rule.weightDecay = 0.05
        let optimizer = Optimizer(model.store.parameters.filter(\.isTrained), rule)
        let times = time(warmup: 3) { trainingStep(optimizer, profile: nil) }
        return report(
            times, peak: peak, passes: 3, replay: nil,
            layers: timesLayers ? layerTimes(optimizer) : [])
    }

    /// One step, its passes profiled if wished.
    private func trainingStep(_ optimizer: Optimizer, profile: TapeProfile?) {
        model.store.clearGradients()
        let (loss, tape) = Tape.record(profile: profile) { () -> Tensor in
            let outputs = model.forward(image, Context(.training))
            return Self.loss(outputs, batch: settings.batch)
        }
        optimizer.step(
            learningRate: 1e-4, walking: tape,
            from: [(loss, Tensor(shape: loss.shape, repeating: 1))])
    }

    /// Operations by shape and direction, medians of several steps.
    private func layerTimes(_ optimizer: Optimizer) -> [LayerTime] {
        var times: [String: [Double]] = [:]
        var entries: [TapeProfile.Entry] = []
        for _ in 0..<min(settings.runs, 9) {
            let profile = TapeProfile()
            trainingStep(optimizer, profile: profile)
            entries = profile.entries
            for entry in entries { times[entry.name, default: []].append(entry.milliseconds) }
        }
        return entries.map { entry in
            let sorted = times[entry.name, default: []].sorted()
            let median = sorted[sorted.count / 2]
            return LayerTime(
                name: entry.name, milliseconds: median,
                gflops: 2 * Double(entry.multiplyAdds) / max(median, 1e-6) / 1e6)
        }
    }

    /// Cross-entropy of the logits against labels 0, 1, ...; of a detector, of its first map.
    private static func loss(_ outputs: [Tensor], batch: Int) -> Tensor {
        let logits = outputs[0].reshaped([batch, outputs[0].count / batch])
        return crossEntropy(logits, labels: (0..<batch).map { $0 % logits.shape[1] })
    }

    // MARK: - Measuring

    private func time(warmup: Int, _ body: () -> Void) -> [Double] {
        for _ in 0..<warmup { body() }
        let clock = ContinuousClock()
        return (0..<settings.runs).map { _ in clock.measure(body).seconds * 1000 }.sorted()
    }

    private func report(
        _ times: [Double], peak: Double, passes: Double, replay: ReplayCounts?,
        layers: [LayerTime]
    ) -> Report {
        let median = (times[(times.count - 1) / 2] + times[times.count / 2]) / 2
        return Report(
            milliseconds: times, gflops: 2 * passes * Double(multiplyAdds) / median / 1e6,
            peakGflops: peak, peakMemory: Self.peakResidentMemory, replay: replay, layers: layers)
    }

    /// The best of several short loops of independent multiply-adds on all threads.
    private static func measurePeak() -> Double {
        let threads = WorkerPool.shared.threadCount
        // The same work in all, where threads outnumber the processors.
        let rounds = 2_000_000 * min(threads, ThreadCount.available) / threads
        let clock = ContinuousClock()
        var best = 0.0
        for _ in 0..<5 {
            var counts = [Int](repeating: 0, count: threads)
            let elapsed = counts.withUnsafeMutableBufferPointer { counts in
                clock.measure {
                    parallelFor(threads) { counts[$0] = kernels.matrix.peak(rounds) }
                }
            }
            let multiplyAdds = Double(counts.reduce(0, +))
            best = max(best, 2 * multiplyAdds / elapsed.seconds / 1e9)
        }
        return best
    }

    /// The most memory of this program, in MiB.
    ///
    /// `ru_maxrss` outlives `exec`: it would give a large parent's memory for a small program's,
    /// so it only serves where `/proc` is not mounted.
    private static var peakResidentMemory: Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        if let fields = line?.split(whereSeparator: \.isWhitespace), fields.count == 3,
            let kilobytes = Double(fields[1])
        {
            return kilobytes / 1024
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}
