import Annotations

/// An evaluation as a web page that needs no other file.
public struct EvaluationReport {
    private static let worstImages = 20

    private let result: COCOResult
    private let truth: COCODataset
    private let explanation: String?

    /// Takes what the page tells about.
    ///
    /// - Parameters:
    ///   - result: The numbers; with outcomes kept the page has scores and worst images too.
    ///   - truth: The truth, for the names of its images.
    ///   - explanation: Why there is no number above 0, if so.
    public init(_ result: COCOResult, truth: COCODataset, explanation: String? = nil) {
        self.result = result
        self.truth = truth
        self.explanation = explanation
    }

    /// The page.
    ///
    /// - Parameter title: Its heading.
    /// - Returns: HTML with style and drawings inside.
    public func html(title: String) -> String {
        var sections = [numbers]
        if let explanation {
            sections.insert("<p class=\"note\">\(HTMLText.escaped(explanation))</p>", at: 0)
        }
        if !result.classes.isEmpty { sections.append(classes) }
        let charts = ReportCharts(result: result)
        sections.append(
            HTMLText.section(
                "Precision over recall, mean of the categories", charts.precisionRecall))
        if let outcomes = result.outcomes {
            let overlap = "IoU \(outcomes.iouThreshold)"
            sections.append(
                HTMLText.section("Scores at \(overlap)", charts.scoreHistogram(outcomes)))
            sections.append(worst(outcomes, overlap))
        }
        return HTMLText.page(title: title, sections: sections)
    }

    private var numbers: String {
        let rows = zip(result.lines, zip(COCOResult.statNames, result.stats)).map { line, number in
            let meaning =
                line.split(separator: "@").last?.split(separator: "=").dropLast()
                .joined(separator: "=").trimmingSpaces ?? ""
            return [number.0, Decimals.share(number.1), meaning]
        }
        return HTMLText.section(
            "Numbers (\(result.parameters.overlapKind.rawValue), \(result.imageIDs.count) images)",
            HTMLText.table(head: ["number", "value", "of"], rows: rows))
    }

    private var classes: String {
        let rows = result.classes.map { scores in
            [scores.category.name, String(scores.objects), String(scores.detections)]
                + scores.shares.map(Decimals.share)
        }
        return HTMLText.section(
            "Categories",
            HTMLText.table(
                head: ["category", "objects", "detections", "AP", "AP50", "AP75", "AR"],
                rows: rows))
    }

    /// The images with most mistakes, equal ones by id.
    private func worst(_ outcomes: EvaluationOutcomes, _ overlap: String) -> String {
        var names: [COCOIdentifier: String] = [:]
        for image in truth.images { names[image.id] = image.fileName }
        let ordered = outcomes.images.enumerated().sorted {
            ($1.element.mistakes, $0.offset) < ($0.element.mistakes, $1.offset)
        }
        let bad = ordered.prefix(Self.worstImages).map(\.element).filter { $0.mistakes > 0 }
        let rows = bad.map { image -> [String] in
            let counts = [image.wrong, image.missed, image.right].map { String($0) }
            return [names[image.id] ?? "", image.id.description] + counts
        }
        return HTMLText.section(
            "Images with most mistakes at \(overlap)",
            HTMLText.table(head: ["image", "id", "wrong", "missed", "right"], rows: rows))
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
