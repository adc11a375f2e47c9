import Annotations
import Checkpoints
import Evaluation
import Foundation
import JSONText
import TestSupport
import Testing

private let folder = Goldens.folder + "/coco_eval"

@Suite struct COCOFileEvaluationTests {
    @Test(arguments: ["01_bbox_basic", "07_bbox_id_zero", "08_segm_mixed", "09_segm_bbox_key"])
    func filesGiveTheReferenceNumbers(name: String) throws {
        let golden = try GoldenCase(name)
        let scored = try COCOFileEvaluation(
            truthPath: "\(folder)/\(name)/gt.json", detectionsPath: "\(folder)/\(name)/dt.json",
            parameters: golden.parameters, warnings: Warnings())
        #expect(try scored.result.stats == golden.expected.doubles("stats"))
        #expect(scored.explanation == nil)
        #expect(scored.json["stats"]?.array?.compactMap(\.double) == scored.result.stats)
        #expect(scored.json["classes"]?.array?.count == scored.result.classes.count)
    }

    @Test func idsThatAreNotListedAreWarnedOf() throws {
        var parameters = COCOParameters()
        parameters.imageIDs = [.text("7"), .number(-5)]
        let warnings = Warnings()
        let scored = try COCOFileEvaluation(
            truthPath: folder + "/01_bbox_basic/gt.json",
            detectionsPath: folder + "/01_bbox_basic/dt.json", parameters: parameters,
            warnings: warnings)
        #expect(scored.result.imageIDs == [.number(-5), .number(7)])
        #expect(warnings.summary.contains("-5"))
    }

    @Test func classNumbersAverageToTheTotal() throws {
        let scored = try COCOFileEvaluation(
            truthPath: folder + "/01_bbox_basic/gt.json",
            detectionsPath: folder + "/01_bbox_basic/dt.json", parameters: COCOParameters(),
            warnings: Warnings())
        let classes = scored.result.classes
        let mean = classes.map(\.averagePrecision).reduce(0, +) / Double(classes.count)
        #expect(abs(mean - scored.result.stats[0]) < 1e-12)
        let table = scored.result.table.split(separator: "\n")
        #expect(table.count == 13 + classes.count)
        #expect(table[13].hasPrefix(classes[0].category.name))
    }

    @Test func reportNeedsNoOtherFile() throws {
        var parameters = COCOParameters()
        parameters.outcomes = .kept
        let scored = try COCOFileEvaluation(
            truthPath: folder + "/01_bbox_basic/gt.json",
            detectionsPath: folder + "/01_bbox_basic/dt.json", parameters: parameters,
            warnings: Warnings())
        let page = EvaluationReport(scored.result, truth: scored.truth).html(title: "a < b & c")
        #expect(page.contains("<h1>a &lt; b &amp; c</h1>"))
        #expect(page.components(separatedBy: "<svg").count == 3)
        #expect(!page.contains("http") && !page.contains("src="))
        #expect(XMLCheck.problem(in: page) == nil)
    }
}

/// Checks that every element of a page that is opened is closed again in order.
private enum XMLCheck {
    static func problem(in page: String) -> String? {
        var open: [Substring] = []
        for piece in page.split(separator: "<").dropFirst() {
            guard let end = piece.firstIndex(of: ">") else { return "cut off: \(piece)" }
            let tag = piece[..<end]
            let name = tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }
            if tag.hasPrefix("!") || tag.hasSuffix("/") || name == "meta" { continue }
            if !tag.hasPrefix("/") {
                open.append(name)
            } else if open.popLast() != name {
                return "closed out of order: \(name)"
            }
        }
        return open.isEmpty ? nil : "left open: \(open)"
    }
}
