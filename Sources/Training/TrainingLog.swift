import Foundation
import JSONText
import Prediction

/// The figures of some steps in a row, averaged for one log line.
struct IntervalMeter {
    private(set) var losses: [(name: String, sum: Double)] = []
    private(set) var steps = 0
    private(set) var images = 0
    private(set) var stepSeconds = 0.0
    private(set) var dataSeconds = 0.0

    /// Adds one step.
    ///
    /// - Parameters:
    ///   - losses: Its losses by name.
    ///   - images: Images of the step.
    ///   - seconds: Wall time of the step, waiting for data included.
    ///   - dataSeconds: Time that it waited for data.
    mutating func add(
        losses: [(name: String, value: Float)], images: Int, seconds: Double, dataSeconds: Double
    ) {
        if self.losses.isEmpty { self.losses = losses.map { ($0.name, 0) } }
        for (index, loss) in losses.enumerated() { self.losses[index].sum += Double(loss.value) }
        steps += 1
        self.images += images
        stepSeconds += seconds
        self.dataSeconds += dataSeconds
    }

    /// Mean of a loss over the steps.
    var means: [(name: String, mean: Double)] { losses.map { ($0.name, $0.sum / Double(steps)) } }
    /// Mean of the sum of all losses.
    var total: Double { means.reduce(0) { $0 + $1.mean } }
    /// Milliseconds a step.
    var stepMilliseconds: Double { 1000 * stepSeconds / Double(steps) }
    /// Milliseconds a step that were spent waiting for data.
    var dataMilliseconds: Double { 1000 * dataSeconds / Double(steps) }
    /// Images a second.
    var imagesPerSecond: Double { Double(images) / max(stepSeconds, 1e-9) }
}

/// Where training stands, for the log.
struct TrainingProgress {
    var epoch: Int
    var epochs: Int
    var step: Int
    var stepsPerEpoch: Int
    var learningRate: Float
    var memoryBytes: Int
    var secondsLeft: Double
}

/// Writes the log of a run: lines for people and JSON lines for programs.
public final class TrainingLog {
    private let folder: RunFolder
    private let print: (String) -> Void

    /// Opens the log of a run folder.
    ///
    /// - Parameters:
    ///   - folder: The run folder.
    ///   - print: Shows a line to the user; standard error for commands.
    public init(folder: RunFolder, print: @escaping (String) -> Void) {
        self.folder = folder
        self.print = print
    }

    /// Writes a line of text to the user and to `log.txt`.
    ///
    /// - Parameter line: The line.
    /// - Throws: `WorkError` when the file cannot be written.
    public func note(_ line: String) throws(WorkError) {
        print(line)
        try folder.append(line, to: folder.log)
    }

    /// Writes the figures of an interval.
    func interval(_ meter: IntervalMeter, _ progress: TrainingProgress) throws(WorkError) {
        let terms = meter.means.map { "\($0.name) " + String(format: "%.4f", $0.mean) }
        let parts = [
            "epoch \(progress.epoch)/\(progress.epochs)",
            "step \(progress.step)/\(progress.stepsPerEpoch)",
            String(format: "loss %.4f", meter.total) + " (" + terms.joined(separator: " ") + ")",
            "lr " + Self.scientific(progress.learningRate),
            String(format: "data %.1f ms", meter.dataMilliseconds),
            String(format: "step %.0f ms", meter.stepMilliseconds),
            String(format: "%.1f img/s", meter.imagesPerSecond),
            "mem \(progress.memoryBytes >> 20) MB",
            "eta " + Self.clock(progress.secondsLeft),
        ]
        try note(parts.joined(separator: "  "))
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("epoch")
        writer.integer(progress.epoch)
        writer.key("step")
        writer.integer(progress.step)
        for loss in meter.means {
            writer.key("loss_" + loss.name)
            writer.double(loss.mean)
        }
        for (key, value) in [
            ("loss", meter.total), ("lr", Double(progress.learningRate)),
            ("data_ms", meter.dataMilliseconds), ("step_ms", meter.stepMilliseconds),
            ("images_per_second", meter.imagesPerSecond),
        ] {
            writer.key(key)
            writer.double(value)
        }
        writer.endObject()
        try folder.append(String(decoding: writer.bytes, as: UTF8.self), to: folder.metrics)
    }

    /// Writes the numbers of an evaluation.
    ///
    /// - Parameters:
    ///   - numbers: Names and values in order.
    ///   - epoch: The epoch after which it was made.
    /// - Throws: `WorkError` when a file cannot be written.
    func evaluation(_ numbers: [(name: String, value: Double)], epoch: Int) throws(WorkError) {
        let texts = numbers.map { "\($0.name) " + String(format: "%.4f", $0.value) }
        try note("epoch \(epoch)  evaluation  " + texts.joined(separator: "  "))
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("epoch")
        writer.integer(epoch)
        for number in numbers {
            writer.key(number.name)
            writer.double(number.value)
        }
        writer.endObject()
        try folder.append(String(decoding: writer.bytes, as: UTF8.self), to: folder.metrics)
    }

    /// A duration as `mm:ss` or `h:mm:ss`.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(max(0, seconds.isFinite ? seconds : 0).rounded())
        let minutes = String(format: "%02d:%02d", whole / 60 % 60, whole % 60)
        return whole >= 3600 ? "\(whole / 3600):" + minutes : minutes
    }

    /// A small number with two digits and its exponent, `1.2e-3`.
    static func scientific(_ value: Float) -> String {
        guard value > 0 else { return "0" }
        let exponent = Int(floor(log10(Double(value))))
        let mantissa = Double(value) / pow(10, Double(exponent))
        return String(format: "%.1fe%d", mantissa, exponent)
    }
}
