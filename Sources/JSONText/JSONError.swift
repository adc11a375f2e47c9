/// A JSON text that cannot be read: not well formed, not UTF-8, or not there at all.
public struct JSONError: DescribedError, Equatable {
    /// What is wrong with the text.
    public let what: String
    /// File, line and column as `name:line:column`, with a JSON path where one is known.
    public let place: String
    /// What the author of the text can do.
    public let fix: String

    /// Makes an error from its three sentences.
    public init(what: String, place: String, fix: String) {
        self.what = what
        self.place = place
        self.fix = fix
    }

    /// The same error with more said about its place.
    ///
    /// - Parameter detail: what follows the place after a comma, as in `annotations[3] (id 104)`.
    /// - Returns: the error with the longer place.
    public func located(in detail: String) -> JSONError {
        JSONError(what: what, place: place + ", " + detail, fix: fix)
    }
}

/// A place in a text as an editor shows it.
public struct TextPosition: Hashable, Sendable {
    /// Line, counted from 1.
    public let line: Int
    /// Column in Unicode scalars, counted from 1.
    public let column: Int
}
