import Annotations
import ArgumentParser
import Checkpoints
import Evaluation
import Files
import Foundation
import JSONText
import Training

/// `cvsuite eval`: scores results against annotations.
struct Eval: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score results against annotations, with COCO's numbers.",
        discussion: """
            Prints the twelve COCO numbers as pycocotools does, then those of each category.

            Examples:
              cvsuite eval --run runs/quickstart --split test
              cvsuite eval --gt instances_val.json --dt predictions.json --iou-type bbox
              cvsuite eval --gt val.json --dt masks.json --iou-type segm --report report.html
            """)

    @OptionGroup var common: CommonOptions

    @Option(name: .customLong("gt"), help: "Ground truth: a COCO annotation file.")
    var groundTruth: String?

    @Option(name: .customLong("dt"), help: "Results: a COCO result file.")
    var detections: String?

    @Option(help: "A run folder, whose best weights are scored on one of its splits.")
    var run: String?

    @Option(help: "Which split of the run: train, val or test.")
    var split = "test"

    @Option(name: .customLong("set"), help: "With --run: override a value of its config.")
    var overrides: [String] = []

    @OptionGroup(title: "Parameters") var parameters: EvalParameters

    @Flag(help: "Print one JSON document.")
    var json = false

    @Option(help: "Write a web page with curves and the worst images.")
    var report: String?

    @Option(help: "Write precision, recall and scores, 64-bit, as safetensors.")
    var arrays: String?

    func validate() throws {
        guard run == nil ? groundTruth != nil && detections != nil : groundTruth == nil else {
            throw ValidationError("give either --run, or --gt and --dt")
        }
    }

    func perform() throws {
        let common = common
        try OutputFile.check([report, arrays], besides: [groundTruth, detections])
        let warnings = Warnings { common.warn($0) }
        var measured = parameters.measured
        if report != nil || run != nil { measured.outcomes = .kept }
        if let run {
            let scored = try RunEvaluation(
                run: run, split: split, overrides: overrides, parameters: measured,
                warnings: warnings)
            try show(scored.result, scored.json, truth: scored.truth, scored.explanation)
        } else {
            let scored = try COCOFileEvaluation(
                truthPath: groundTruth ?? "", detectionsPath: detections ?? "",
                parameters: measured, warnings: warnings)
            try show(scored.result, scored.json, truth: scored.truth, scored.explanation)
        }
        for group in warnings.groups where group.count > group.shown.count {
            let first = group.shown.first?.what ?? ""
            common.warn("warning: \(group.count) in all like this one: \(first)")
        }
    }

    private func show(
        _ result: COCOResult, _ document: JSONValue, truth: COCODataset, _ explanation: String?
    ) throws {
        if let arrays { try write(result.arrays, to: arrays) }
        if let report {
            let page = EvaluationReport(result, truth: truth, explanation: explanation)
            let title = "Evaluation of \(detections ?? run ?? "")"
            try AtomicFile.write(Array(page.html(title: title).utf8), to: report)
        }
        CommandOutput.result(json ? document.text() : result.table)
    }

    private func write(_ arrays: COCOArrays, to path: String) throws {
        var writer = SafetensorsWriter()
        try writer.add("precision", shape: arrays.shape, arrays.precision)
        try writer.add("recall", shape: arrays.recallShape, arrays.recall)
        try writer.add("scores", shape: arrays.shape, arrays.scores)
        try writer.write(to: path)
    }
}
