import ArgumentParser

/// `cvsuite data`: what can be done with data sets and files, one sub-command a task.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Make, check and convert data sets.",
        subcommands: [DataCheckCommand.self, DataDecode.self, DataDemo.self])
}
