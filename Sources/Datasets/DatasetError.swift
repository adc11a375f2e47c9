import JSONText

/// Why data cannot be used.
public struct DatasetError: DescribedError, Hashable {
    /// What went wrong, one sentence without a full stop.
    public let what: String
    /// The file, with the image or annotation id where there is one.
    public let place: String
    /// What the user can do.
    public let fix: String

    /// Makes an error from its three sentences.
    public init(what: String, place: String, fix: String) {
        self.what = what
        self.place = place
        self.fix = fix
    }

    /// Throws unless a configured value is in its range.
    ///
    /// - Parameters:
    ///   - holds: Whether it is.
    ///   - field: JSON path of the value, below the section that holds it.
    ///   - range: What is allowed, in words.
    ///   - found: What was given.
    /// - Throws: The error that names field, range and value.
    static func check(
        _ holds: Bool, _ field: String, _ range: String, _ found: String
    ) throws(DatasetError) {
        guard !holds else { return }
        throw DatasetError(
            what: "\(field) is \(found)", place: field, fix: "give a value \(range)")
    }
}
