import ArgumentParser
import Catalogue
import Checkpoints
import JSONText

/// `cvsuite checkpoint`: look into weight files and convert them.
struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Look into weight files, and convert them.",
        subcommands: [Inspect.self, Convert.self])

    /// Which weights are read, and how.
    struct Source: ParsableArguments {
        @Argument(help: "Safetensors or PyTorch file.") var file: String
        @Flag(help: "Take the running average where the file has one.") var average = false

        func open() throws -> Checkpoint {
            try Checkpoint(path: file, weights: average ? .average : .trained)
        }
    }

    /// `cvsuite checkpoint inspect`.
    struct Inspect: ReportingCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the tensors of a file, or how they map onto a model.",
            discussion: """
                Examples:
                  cvsuite checkpoint inspect van_b0.pth.tar
                  cvsuite checkpoint inspect van_b0.pth.tar --model van_b0 --partial
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var source: Source
        @Option(help: "A published network, or a JSON file of settings.") var model: String?
        @Flag(help: "List what does not fit instead of refusing the file.") var partial = false
        @Flag(help: "Print one JSON document.") var json = false

        func perform() throws {
            let report = try CheckpointReport(source.open(), model: model, partial: partial)
            CommandOutput.result(json ? try JSONValue(encoding: report).text() : report.text)
        }
    }

    /// `cvsuite checkpoint convert`.
    struct Convert: ReportingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the weights of a file as safetensors.",
            discussion: """
                Examples:
                  cvsuite checkpoint convert van_b0.pth.tar --output van_b0.safetensors
                  cvsuite checkpoint convert run.pth --average --output average.safetensors
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var source: Source
        @Option(help: "The file to write.") var output: String
        @Option(help: "Write the names of this model, and refuse weights that do not fit it.")
        var model: String?
        @Flag(help: "Write also what does not fit the model.") var partial = false

        func perform() throws {
            try OutputFile.check([output], besides: [source.file])
            let checkpoint = try source.open()
            let report = try CheckpointReport(checkpoint, model: model, partial: partial)
            let written = try model.map {
                try checkpoint.weights(of: Architecture(named: $0).configuration)
            }
            try (written ?? checkpoint).writeSafetensors(to: output)
            common.note(report.summary)
        }
    }
}
