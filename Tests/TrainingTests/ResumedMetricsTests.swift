import Foundation
import TestSupport
import Testing

@testable import Training

@Suite struct ResumedMetricsTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    /// What is left of lines after two whole epochs of four steps.
    private func kept(_ lines: [String], end: String = "", isEvaluationDue: Bool) throws -> [String]
    {
        let folder = RunFolder(path: temporary.path)
        let text = lines.map { $0 + "\n" }.joined() + end
        try text.write(toFile: folder.metrics, atomically: true, encoding: .utf8)
        try ResumedMetrics(step: 8, stepsPerEpoch: 4, isEvaluationDue: isEvaluationDue)
            .trim(folder)
        let left = try String(contentsOfFile: folder.metrics, encoding: .utf8)
        return left.split(separator: "\n").map(String.init)
    }

    private let done = [
        #"{"epoch":1,"step":4,"loss":2}"#, #"{"epoch":1,"AP50":0.5}"#,
        #"{"epoch":2,"step":4,"loss":1}"#,
    ]
    private let evaluation = #"{"epoch":2,"AP50":0.6}"#

    @Test func stepsBeyondTheStateAreDropped() throws {
        let later = [evaluation, #"{"epoch":3,"step":2,"loss":1}"#]
        #expect(try kept(done + later, isEvaluationDue: false) == done + [evaluation])
    }

    @Test func anEvaluationThatIsStillDueIsDropped() throws {
        #expect(try kept(done + [evaluation], isEvaluationDue: true) == done)
    }

    @Test func halfALineIsDropped() throws {
        #expect(try kept(done, end: #"{"epoch":3,"st"#, isEvaluationDue: false) == done)
    }
}
