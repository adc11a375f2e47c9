import JSONText

/// Something that `data check` found.
public struct DataFinding: Sendable, Codable {
    /// How much it matters.
    public enum Severity: String, Sendable, Codable {
        /// It would make a run wrong.
        case problem
        /// It is odd, and handled.
        case note
    }

    /// How much it matters.
    public let severity: Severity
    /// Short name of its kind, as in `image-missing`.
    public let kind: String
    /// What was found, one sentence without a full stop.
    public let what: String
    /// Where the first of its kind stands.
    public let place: String
    /// What to do about it.
    public let fix: String
    /// How many entries it concerns.
    public let count: Int
    /// Ids or file names of the entries, the first ten at most.
    public let examples: [String]

    /// The finding as three lines and the examples.
    public var text: String {
        let name = severity == .problem ? "problem" : "note"
        var lines = ["\(name): \(what)"]
        if !place.isEmpty { lines.append("  in " + place) }
        if examples.count > 1 {
            let more = count > examples.count ? ", ..." : ""
            lines.append("  all: " + examples.joined(separator: ", ") + more)
        }
        if !fix.isEmpty { lines.append("  fix: " + fix) }
        return lines.joined(separator: "\n")
    }
}

/// What `data check` found in all files.
public struct DataReport: Sendable, Codable {
    /// The annotation files that were looked at.
    public internal(set) var files: [String] = []
    /// Number of images listed in all files.
    public internal(set) var imageCount = 0
    /// Number of annotations in all files.
    public internal(set) var annotationCount = 0
    /// What was found, file by file.
    public internal(set) var findings: [DataFinding] = []

    /// Whether something would make a run wrong.
    public var hasProblems: Bool { findings.contains { $0.severity == .problem } }

    /// The report as lines to print.
    public var text: String {
        let problems = findings.count { $0.severity == .problem }
        let end =
            "\(files.count) files, \(imageCount) images, \(annotationCount) annotations: "
            + "\(problems) problems, \(findings.count - problems) notes"
        return (findings.map(\.text) + [end]).joined(separator: "\n")
    }
}
