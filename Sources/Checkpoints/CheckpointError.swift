import JSONText

/// A checkpoint file that cannot be used.
public struct CheckpointError: DescribedError, Equatable {
    /// What went wrong.
    public let what: String
    /// The file and, where one is at fault, the tensor.
    public let place: String
    /// What the user can do.
    public let fix: String
}

/// What is wrong inside a file, before its path is added.
struct FormatProblem: Error, Equatable {
    let what: String

    init(_ what: String) { self.what = what }
}
