import ArgumentParser
import Checkpoints
import Evaluation
import Foundation
import JSONText

/// `cvsuite eval`: scores results against annotations.
struct Eval: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score results against annotations, with COCO's numbers.",
        discussion: """
            Prints the twelve COCO numbers as pycocotools does, then those of each category.

            Examples:
              cvsuite eval --gt instances_val.json --dt predictions.json --iou-type bbox
              cvsuite eval --gt val.json --dt masks.json --iou-type segm --report report.html
            """)

    @OptionGroup var common: CommonOptions

    @Option(name: .customLong("gt"), help: "Ground truth: a COCO annotation file.")
    var groundTruth: String

    @Option(name: .customLong("dt"), help: "Results: a COCO result file.")
    var detections: String

    @OptionGroup(title: "Parameters") var parameters: EvalParameters

    @Flag(help: "Print one JSON document.")
    var json = false

    @Option(help: "Write a web page with curves and the worst images.")
    var report: String?

    @Option(help: "Write precision, recall and scores, 64-bit, as safetensors.")
    var arrays: String?

    func perform() throws {
        let common = common
        let warnings = Warnings { common.warn($0) }
        var measured = parameters.measured
        if report != nil { measured.outcomes = .kept }
        let scored = try COCOFileEvaluation(
            truthPath: groundTruth, detectionsPath: detections, parameters: measured,
            warnings: warnings)
        if let arrays { try write(scored.result.arrays, to: arrays) }
        if let report { try write(scored, to: report) }
        CommandOutput.result(json ? scored.json.text() : scored.result.table)
        for group in warnings.groups where group.count > group.shown.count {
            let first = group.shown.first?.what ?? ""
            common.warn("warning: \(group.count) in all like this one: \(first)")
        }
    }

    private func write(_ arrays: COCOArrays, to path: String) throws {
        var writer = SafetensorsWriter()
        try writer.add("precision", shape: arrays.shape, arrays.precision)
        try writer.add("recall", shape: arrays.recallShape, arrays.recall)
        try writer.add("scores", shape: arrays.shape, arrays.scores)
        try writer.write(to: path)
    }

    private func write(_ scored: COCOFileEvaluation, to path: String) throws {
        let page = EvaluationReport(
            scored.result, truth: scored.truth, explanation: scored.explanation
        ).html(title: "Evaluation of \(detections)")
        do {
            try AtomicFile.write(to: path, chunks: [Data(page.utf8)])
        } catch {
            throw CommandError(what: error.what, place: path, fix: error.fix)
        }
    }
}
