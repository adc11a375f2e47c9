import ArgumentParser
import Catalogue
import Datasets
import Foundation
import JSONText
import Parallelism
import Tensors
import Training

extension Benchmark.Mode: ExpressibleByArgument {}

/// `cvsuite bench`: times a model.
struct Bench: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time a prediction or a training step.",
        discussion: """
            Examples:
              cvsuite bench --model van_b0 --size 224x224 --layers
              cvsuite bench --model van_b0 --mode train --batch 4 --threads 2 --json
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: "A published network, or VARIANT_atss, VARIANT_fcos.") var model: String?
    @Option(help: "A config, whose detector is timed.") var config: String?
    @Option(help: "Height and width of the images, HxW.") var size: InputSize?
    @Option(help: "Images of a call.") var batch = 1
    @Option(help: "predict or train.") var mode = Benchmark.Mode.predict
    @Option(help: "Timed calls.") var runs = 30
    @Flag(help: "Time each operation as well.") var layers = false
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        guard (model == nil) != (config == nil) else {
            throw ValidationError("give either --model or --config")
        }
        guard (1...4096).contains(batch) else {
            throw ValidationError("--batch must be from 1 to 4096")
        }
        guard (1...100_000).contains(runs) else {
            throw ValidationError("--runs must be from 1 to 100000")
        }
    }

    func perform() throws {
        let subject = try chosenModel
        let settings = Benchmark.Settings(
            mode: mode, size: size.map { [$0.height, $0.width] } ?? subject.size, batch: batch,
            runs: runs)
        try subject.backbone.checkImage(settings.size, place: "--size")
        if mode == .train {
            try subject.backbone.checkTrainingBatch(batch, place: "--batch")
        }
        let report = try Benchmark(subject, settings)(timesLayers: layers)
        let listing = BenchmarkListing(subject.name, settings, report)
        CommandOutput.result(json ? listing.json(withLayers: layers) : listing.text)
    }

    private var chosenModel: BenchmarkModel {
        get throws {
            if let model { return try BenchmarkModel(named: model) }
            let path = config ?? ""
            let run = try RunConfiguration(path: path, overrides: [])
            let input = run.settings.preprocessing
            let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            return try BenchmarkModel(
                run.model, classCount: run.settings.data.numClasses.count ?? 80, name: name,
                size: [input.height, input.width])
        }
    }
}
