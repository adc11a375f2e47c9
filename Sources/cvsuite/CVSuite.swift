import ArgumentParser

/// The root command: its sub-commands are one file each.
@main
struct CVSuite: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cvsuite",
        abstract: "Detection and segmentation on ordinary CPUs.",
        version: version,
        subcommands: [
            Train.self, Predict.self, Eval.self, Bench.self, Features.self, Models.self,
            Config.self,
            CheckpointCommand.self, DataCommand.self,
        ])

    /// The version of this build.
    static let version = "0.1.0"
}
