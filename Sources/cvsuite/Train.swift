import ArgumentParser
import Foundation
import JSONText
import Training

/// `cvsuite train`: trains a detector as a config says.
struct Train: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a detector as a config says.",
        discussion: """
            Examples:
              cvsuite train --config Configs/quickstart.json --set data.root=data/baggage
              cvsuite train --config my.json --output runs/second --set training.epochs=80
            """)

    @OptionGroup var common: CommonOptions

    @Option(help: "The configuration, a JSON file.")
    var config: String

    @Option(name: .customLong("set"), help: "Override a value: a.b.c=value. Repeatable.")
    var overrides: [String] = []

    @Option(help: "The run folder; by default runs/<config name>.")
    var output: String?

    @Flag(help: "Go on with the run in the folder.")
    var resume = false

    @Flag(help: "Replace the run in the folder.")
    var overwrite = false

    func validate() throws {
        if resume, overwrite {
            throw ValidationError("--resume and --overwrite exclude each other")
        }
        if output?.isEmpty == true { throw ValidationError("--output needs a path") }
    }

    func perform() throws {
        Interruption.exitAtOnce()
        let name = URL(fileURLWithPath: config).deletingPathExtension().lastPathComponent
        let folder = RunFolder(path: output ?? "runs/" + name)
        let seeded = common.seed == 0 ? [] : ["training.seed=\(common.seed)"]
        let configuration = try RunConfiguration(path: config, overrides: overrides + seeded)
        let policy: RunFolder.Policy = resume ? .resume : overwrite ? .overwrite : .refuse
        try folder.check(policy)
        let warnings = Warnings { [common] in common.warn($0) }
        let trainer = try DetectionTrainer(
            configuration, folder: folder, warnings: warnings, print: common.note)
        let outcome = try trainer.run(policy, details: RunDetails.current)
        if !warnings.isEmpty { common.note(warnings.summary) }
        switch outcome {
        case .alreadyFinished: break
        case .finished: trainer.closingLines().forEach(common.note)
        case .interrupted: throw CommandExit.interrupted
        }
    }
}

/// How a run was started, for its `config.json`.
enum RunDetails {
    static var current: [String: String] {
        ["version": CVSuite.version, "command_line": CommandLine.arguments.joined(separator: " ")]
    }
}
