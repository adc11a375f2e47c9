import Annotations
import ArgumentParser
import Foundation
import JSONText
import Prediction

/// `cvsuite data check`: what in a data set would make a run wrong.
struct DataCheckCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find what in a data set would make a run wrong.",
        discussion: """
            Exit code 3 when something was found that would make a run wrong.

            Examples:
              cvsuite data check datasets/baggage
              cvsuite data check --annotations train.json --images images --json
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "Folder with annotations/*.json and images/.") var root: String?
    @Option(help: "Annotation file, COCO JSON; repeatable.") var annotations: [String] = []
    @Option(help: "Images folder.") var images: String?
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        guard let root else {
            guard annotations.isEmpty else { return }
            throw ValidationError("name a folder, or a file with --annotations")
        }
        guard annotations.isEmpty else {
            throw ValidationError("name a folder or --annotations, not both")
        }
        if root.hasSuffix(".json") {
            throw ValidationError("name an annotation file with --annotations \(root)")
        }
    }

    func perform() throws {
        let files = try root.map(Self.annotationFiles) ?? annotations
        let folder = images ?? root.map { $0 + "/images" }
        if let folder, !FileManager.default.fileExists(atPath: folder) {
            throw WorkError(
                what: "there is no images folder", place: folder,
                fix: "name it with --images")
        }
        let report = try DataCheck.run(annotations: files, images: folder)
        let text = json ? try JSONValue(encoding: report).text() : report.text
        CommandOutput.result(text)
        if report.hasProblems { throw CommandExit.findings }
    }

    private static func annotationFiles(in root: String) throws -> [String] {
        let folder = root + "/annotations"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
        guard !files.isEmpty else {
            throw WorkError(
                what: "there are no annotation files", place: folder,
                fix: "put COCO files there, or name them with --annotations")
        }
        return files.map { folder + "/" + $0 }
    }
}
