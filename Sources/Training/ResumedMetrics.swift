import Foundation
import JSONText
import Prediction

/// Takes out of `metrics.jsonl` what a resumed run writes again.
///
/// A killed run may have written lines of steps, or of an evaluation, that its state does not
/// hold yet, and half of a last line.
struct ResumedMetrics {
    /// Steps that the state holds.
    let step: Int
    /// Steps of an epoch.
    let stepsPerEpoch: Int
    /// Whether the evaluation after these steps is still to be made.
    let isEvaluationDue: Bool

    /// Writes the file without those lines, if there are any.
    ///
    /// - Parameter folder: The run folder.
    /// - Throws: `WorkError` when the file cannot be written; it stays as it was.
    func trim(_ folder: RunFolder) throws(WorkError) {
        guard let text = try? String(contentsOfFile: folder.metrics, encoding: .utf8) else {
            return
        }
        let lines = text.split(separator: "\n")
        let kept = lines.filter(isKept)
        guard kept.count < lines.count else { return }
        try folder.write(kept.map { $0 + "\n" }.joined(), to: folder.metrics)
    }

    private func isKept(_ line: Substring) -> Bool {
        let source = JSONSource(bytes: Array(line.utf8), name: "metrics")
        guard let object = (try? JSONValue(parsing: source))?.object,
            let epoch = object["epoch"]?.integer
        else { return false }
        guard let stepOfEpoch = object["step"]?.integer else {
            let position = epoch * stepsPerEpoch
            return position < step || (position == step && !isEvaluationDue)
        }
        return (epoch - 1) * stepsPerEpoch + stepOfEpoch <= step
    }
}
