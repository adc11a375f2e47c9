import ArgumentParser

/// The root command: its sub-commands are one file each.
@main
struct CVSuite: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cvsuite",
        abstract: "Detection and segmentation on ordinary CPUs.",
        subcommands: [
            Features.self, Models.self, CheckpointCommand.self, DataCommand.self,
        ])
}
