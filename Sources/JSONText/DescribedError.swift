/// An error that tells a user what went wrong, where, and what to do about it.
///
/// The commands print it as three lines, `error: WHAT`, `  in WHERE`, `  fix: WHAT TO DO`.
public protocol DescribedError: Error, CustomStringConvertible {
    /// What went wrong, one sentence without a full stop.
    var what: String { get }
    /// File and line, JSON path, or image id; empty when there is no place.
    var place: String { get }
    /// What the user can do; empty when nothing sensible can be said.
    var fix: String { get }
}

extension DescribedError {
    /// The three lines that a command prints.
    public var description: String {
        var lines = ["error: " + what]
        if !place.isEmpty { lines.append("  in " + place) }
        if !fix.isEmpty { lines.append("  fix: " + fix) }
        return lines.joined(separator: "\n")
    }
}
