import JSONText

/// An annotation or result file that cannot be used.
public struct AnnotationError: DescribedError, Equatable {
    /// What is wrong with it.
    public let what: String
    /// File, line and column, the entry and its id.
    public let place: String
    /// What the author of the file can do.
    public let fix: String

    /// Makes an error from its three sentences.
    public init(what: String, place: String, fix: String) {
        self.what = what
        self.place = place
        self.fix = fix
    }
}
