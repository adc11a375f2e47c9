/// A file that cannot be written.
///
/// Has the fields of `DescribedError`, which this library may not import.
public struct FileError: Error, Hashable, Sendable {
    /// What the writing came to.
    public enum Stage: Hashable, Sendable {
        /// Nothing: the path cannot be used.
        case opening
        /// The content was on its way.
        case writing
    }

    /// What the writing came to.
    public let stage: Stage
    /// What went wrong, one sentence without a full stop.
    public let what: String
    /// The file.
    public let place: String

    /// What the user can do.
    public var fix: String {
        switch stage {
        case .opening: "check that the folder exists and can be written, or name another file"
        case .writing: "check that the disk has room and is in order"
        }
    }

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - stage: What the writing came to.
    ///   - what: What went wrong, one sentence without a full stop.
    ///   - place: The file.
    init(_ stage: Stage, _ what: String, place: String) {
        self.stage = stage
        self.what = what
        self.place = place
    }
}
