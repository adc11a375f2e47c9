import JSONText

/// Work of a command that cannot start or be completed.
public struct WorkError: DescribedError, Equatable {
    /// What went wrong.
    public let what: String
    /// File, folder, step or parameter; empty when there is no place.
    public let place: String
    /// What to do.
    public let fix: String
    /// 2 when nothing was started, 1 when the work failed.
    public let exitCode: Int32

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - what: What went wrong.
    ///   - place: File, folder, step or parameter.
    ///   - fix: What to do.
    ///   - exitCode: 2 when nothing was started, 1 when the work failed.
    public init(what: String, place: String, fix: String, exitCode: Int32 = 2) {
        self.what = what
        self.place = place
        self.fix = fix
        self.exitCode = exitCode
    }
}
