import Annotations
import ArgumentParser
import Foundation
import JSONText
import Prediction

/// `cvsuite predict`: finds objects in images and folders of images.
struct Predict: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find objects in images.",
        discussion: """
            Examples:
              cvsuite predict photos --run runs/quickstart --output found
              cvsuite predict a.jpg b.png --weights best.safetensors --score 0.5
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "Image files and folders.")
    var images: [String]

    @Option(help: "A run folder, whose best weights are used.")
    var run: String?

    @Option(help: "A weights file that training wrote.")
    var weights: String?

    @Option(help: "COCO annotations whose image list and ids are used.")
    var annotations: String?

    @Option(help: "Folder of the results.")
    var output = "predictions"

    @Flag(help: "Replace earlier results in the folder.")
    var overwrite = false

    @Option(help: "Least score that is kept, 0 to 1.")
    var score: Float = 0.3

    @Option(help: "Most detections of an image.")
    var maxDetections = 100

    @Option(help: "What is written: overlays, json, masks, crops, separated by commas.")
    var save = "overlays,json"

    @Flag(help: "Enter folders in folders.")
    var recursive = false

    @Flag(help: "Stop at the first unreadable image.")
    var strict = false

    func validate() throws {
        guard (run == nil) != (weights == nil) else {
            throw ValidationError("give either --run or --weights")
        }
        guard !output.isEmpty else { throw ValidationError("--output needs a path") }
        guard (0...1).contains(score) else { throw ValidationError("--score must be from 0 to 1") }
        guard maxDetections >= 1 else {
            throw ValidationError("--max-detections must be at least 1")
        }
        _ = try parts
    }

    private var parts: Set<FolderPrediction.Part> {
        get throws {
            var parts: Set<FolderPrediction.Part> = []
            for name in save.split(separator: ",") {
                guard let part = FolderPrediction.Part(rawValue: String(name)) else {
                    throw ValidationError(
                        "--save knows overlays, json, masks and crops, not \"\(name)\"")
                }
                parts.insert(part)
            }
            return parts
        }
    }

    func perform() throws {
        let warnings = Warnings { [common] in common.warn($0) }
        let trained = try TrainedDetector(path: weights ?? RunWeights.path(inRun: run ?? ""))
        let entries =
            try annotations.map {
                try AnnotatedImages.entries(file: $0, folders: images, warnings: warnings)
            }
            ?? ImageWalk.images(in: images, isRecursive: recursive).enumerated().map {
                FolderPrediction.Entry(image: $1, id: .number(Int64($0 + 1)))
            }
        if try parts.contains(.masks) {
            common.warn("warning: this detector finds boxes and has no masks to write")
        }
        var options = FolderPrediction.Options()
        options.score = score
        options.maxDetections = maxDetections
        options.parts = try parts
        options.isStrict = strict
        let summary = try FolderPrediction.run(
            entries, with: trained,
            into: FolderPrediction.Output(path: output, overwrites: overwrite), options: options,
            warnings: warnings)
        common.note(
            "\(summary.images) images, \(summary.detections) detections, \(summary.unreadable) "
                + "unreadable, \(String(format: "%.1f", summary.seconds)) s; see \(output)")
        if !warnings.isEmpty { common.note(warnings.summary) }
        if summary.unreadable > 0 { throw CommandExit.failed }
    }
}
