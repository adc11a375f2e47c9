import JSONText

/// Truth, detections or parameters that cannot be scored.
public struct EvaluationError: DescribedError, Equatable {
    /// What was handed to the evaluation.
    public enum Source: Sendable, Equatable {
        /// The annotation file.
        case truth
        /// The result file.
        case detections
        /// The parameters.
        case parameters
    }

    /// What went wrong.
    public let what: String
    /// JSON path and image id, after `located` with the file's name in front.
    public let place: String
    /// What the user can do.
    public let fix: String
    /// Which input is at fault.
    public let source: Source

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - what: What went wrong.
    ///   - place: JSON path and image id.
    ///   - fix: What the user can do.
    ///   - source: Which input is at fault.
    public init(what: String, place: String, fix: String, source: Source) {
        self.what = what
        self.place = place
        self.fix = fix
        self.source = source
    }

    /// The same error with the name of the file at fault in front of its place.
    ///
    /// - Parameters:
    ///   - truth: Path of the annotation file.
    ///   - detections: Path of the result file.
    /// - Returns: The error to show.
    public func located(truth: String, detections: String) -> EvaluationError {
        let file =
            switch source {
            case .truth: truth
            case .detections: detections
            case .parameters: ""
            }
        let parts = [file, place].filter { !$0.isEmpty }
        return EvaluationError(
            what: what, place: parts.joined(separator: ", "), fix: fix, source: source)
    }

    static func parameter(_ flag: String, _ need: String) -> EvaluationError {
        EvaluationError(
            what: "--\(flag) \(need)", place: "the command line",
            fix: "`cvsuite eval --help` shows the default", source: .parameters)
    }
}
