import ArgumentParser
import Catalogue
import JSONText

/// `cvsuite models`: the catalogue, or one model's layers.
struct Models: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the models, or the layers of one.",
        discussion: """
            Examples:
              cvsuite models
              cvsuite models van_b0 --size 224x224
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "A published network.") var name: String?
    @Option(help: "Image size, HxW in pixels; default is the published one.") var size: InputSize?
    @Flag(help: "Print one JSON document.") var json = false

    func perform() throws {
        if let name {
            let model = try Architecture(published: name)
            let table = try LayerTable(
                model, height: size?.height ?? model.imageSize[0],
                width: size?.width ?? model.imageSize[1])
            try show(table, table.text)
        } else {
            let list = ModelList()
            try show(list, list.text)
        }
    }

    private func show(_ document: some Encodable, _ text: String) throws {
        CommandOutput.result(json ? try JSONValue(encoding: document).text() : text)
    }
}

/// Height and width on the command line: `224x320`, or one number for both.
struct InputSize: ExpressibleByArgument {
    let height: Int
    let width: Int

    init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    init?(argument: String) {
        let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count, (1...2).contains(parts.count),
            numbers.allSatisfy({ (1...16384).contains($0) })
        else { return nil }
        self.init(height: numbers[0], width: numbers[numbers.count - 1])
    }
}
