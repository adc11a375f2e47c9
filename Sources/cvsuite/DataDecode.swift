import ArgumentParser
import Foundation
import Imaging

/// `cvsuite data decode`: what the decoder makes of files.
struct DataDecode: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Show what the decoder makes of JPEG and PNG files.",
        discussion: """
            Exit code 0 when all files decode, else 1.

            Examples:
              cvsuite data decode scan.png photo.jpg
              cvsuite data decode --lenient --json damaged.jpg
            """)

    @OptionGroup var common: CommonOptions
    @Flag(help: "Print one JSON document.") var json = false
    @Flag(help: "Deliver damaged images as far as they came.") var lenient = false
    @Argument(help: "Files, in any order.") var files: [String]

    func perform() throws {
        let reports = files.map { DecodeReport(of: $0, mode: lenient ? .lenient : .strict) }
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let document = try encoder.encode(["files": reports])
            CommandOutput.result(String(decoding: document, as: UTF8.self))
        } else {
            reports.forEach { CommandOutput.result($0.line) }
        }
        if reports.contains(where: { $0.outcome == "error" }) { throw CommandExit.failed }
    }
}

/// One entry of the result, with the fields of its outcome only.
private struct DecodeReport: Encodable {
    var file: String
    var outcome = "ok"
    var kind: String?
    var message: String?
    var width: Int?
    var height: Int?
    var channels: Int?
    var bitDepth: Int?
    var mean: [Double]?
    var grid: [[[Double]]]?
    var sha256: String?

    init(of file: String, mode: DecodeMode) {
        self.file = file
        do {
            fill(try ImageDecoder.decode(path: file, mode: mode))
        } catch {
            outcome = "error"
            kind = error.kind.rawValue
            message = error.what
        }
    }

    private mutating func fill(_ decoded: DecodedImage) {
        let image = decoded.image
        let summary = PixelSummary(of: image)
        outcome = decoded.warnings.isEmpty ? "ok" : "ok_with_warning"
        message = decoded.warnings.first
        (width, height) = (image.width, image.height)
        (channels, bitDepth) = (image.channels, image.bitDepth)
        (mean, grid, sha256) = (summary.mean, summary.grid, summary.sha256)
    }

    var line: String {
        guard let width, let height, let channels, let bitDepth else {
            return "\(file): \(kind ?? outcome): \(message ?? "")"
        }
        let size = "\(width) x \(height), \(channels) channels, \(bitDepth) bit"
        return "\(file): \(size)" + (message.map { " (warning: \($0))" } ?? "")
    }
}
