import ArgumentParser
import JSONText
import Training

/// `cvsuite config`: shows and checks configs.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show or check a config.",
        discussion: """
            Examples:
              cvsuite config show Configs/quickstart.json
              cvsuite config check my.json --set training.epochs=80
            """,
        subcommands: [ConfigShow.self, ConfigCheck.self])
}

/// `cvsuite config show`: prints every value with its origin.
struct ConfigShow: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print the resolved config with the origin of each value.",
        discussion: """
            Examples:
              cvsuite config show Configs/quickstart.json
              cvsuite config show my.json --set training.epochs=80 --json
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The configuration, a JSON file.") var file: String
    @Option(name: .customLong("set"), help: "Override a value: a.b.c=value. Repeatable.")
    var overrides: [String] = []
    @Flag(help: "Print one JSON document without origins.") var json = false

    func perform() throws {
        let configuration = try RunConfiguration(path: file, overrides: overrides)
        let resolved = try configuration.resolved
        if json { return CommandOutput.result(resolved.text(.pretty)) }
        for setting in configuration.tree.settings(in: resolved) {
            CommandOutput.result(
                "\(setting.path) = \(setting.value.text(.compact))  # \(setting.origin)")
        }
    }
}

/// `cvsuite config check`: says whether a config can be used.
struct ConfigCheck: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say whether a config can be used.",
        discussion: """
            Examples:
              cvsuite config check Configs/quickstart.json
              cvsuite config check my.json --set training.epochs=80
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The configuration, a JSON file.") var file: String
    @Option(name: .customLong("set"), help: "Override a value: a.b.c=value. Repeatable.")
    var overrides: [String] = []

    func perform() throws {
        _ = try RunConfiguration(path: file, overrides: overrides)
        CommandOutput.result("\(file): ok")
    }
}
