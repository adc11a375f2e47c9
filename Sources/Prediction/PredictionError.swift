import JSONText

/// A prediction that cannot start or be completed.
public struct PredictionError: DescribedError, Equatable {
    /// What went wrong.
    public let what: String
    /// Which file or folder.
    public let place: String
    /// What to do.
    public let fix: String
    /// 2 when nothing was started, 1 when the work failed.
    public let exitCode: Int32

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - what: What went wrong.
    ///   - place: Which file or folder.
    ///   - fix: What to do.
    ///   - exitCode: 2 when nothing was started, 1 when the work failed.
    public init(what: String, place: String, fix: String, exitCode: Int32 = 2) {
        self.what = what
        self.place = place
        self.fix = fix
        self.exitCode = exitCode
    }
}
