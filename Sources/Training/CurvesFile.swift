import Foundation
import JSONText

/// Draws `curves.svg` anew from `metrics.jsonl`.
enum CurvesFile {
    /// Reads the metrics of a run and writes its curves.
    ///
    /// - Parameters:
    ///   - folder: The run folder.
    ///   - stepsPerEpoch: Steps of an epoch.
    /// - Throws: `WorkError` when the picture cannot be written.
    static func update(_ folder: RunFolder, stepsPerEpoch: Int) throws {
        let text = (try? String(contentsOfFile: folder.metrics, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").compactMap { line -> [String: Double]? in
            let source = JSONSource(bytes: Array(line.utf8), name: folder.metrics)
            guard let members = (try? JSONValue(parsing: source))?.object?.members else {
                return nil
            }
            return Dictionary(
                members.compactMap { member in member.value.double.map { (member.key, $0) } },
                uniquingKeysWith: { first, _ in first })
        }
        try folder.write(
            CurvesPicture.svg(CurvesPicture.panels(lines, stepsPerEpoch: stepsPerEpoch)),
            to: folder.curves)
    }
}
