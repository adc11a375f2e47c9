import JSONText

/// Truth, detections or parameters that cannot be scored.
public struct EvaluationError: DescribedError, Equatable {
    /// What went wrong.
    public let what: String
    /// File, JSON path and image id.
    public let place: String
    /// What the user can do.
    public let fix: String
    /// Makes an error.
    ///
    /// - Parameters:
    ///   - what: What went wrong.
    ///   - place: File, JSON path and image id.
    ///   - fix: What the user can do.
    public init(what: String, place: String, fix: String) {
        self.what = what
        self.place = place
        self.fix = fix
    }

    static func parameter(_ flag: String, _ need: String) -> EvaluationError {
        EvaluationError(
            what: "--\(flag) \(need)", place: "the command line",
            fix: "`cvsuite eval --help` shows the default")
    }
}

/// What messages call the two inputs of an evaluation.
public struct EvaluationNames: Sendable {
    /// The annotation file.
    public var truth: String
    /// The result file.
    public var detections: String

    /// Makes a pair of names.
    ///
    /// - Parameters:
    ///   - truth: Path of the annotation file.
    ///   - detections: Path of the result file.
    public init(truth: String = "truth", detections: String = "results") {
        self.truth = truth
        self.detections = detections
    }
}
