/// Where a value of a tree comes from.
public enum JSONOrigin: Sendable, CustomStringConvertible {
    /// A byte of a text.
    case text(JSONSource, offset: Int)
    /// A command-line override, as in `--set training.epochs=3`.
    case override(String)
    /// The program itself: a default, or a value made in code.
    case builtIn

    /// The origin as messages give it: `file:line:column`, the override, or `default`.
    public var description: String {
        switch self {
        case .text(let source, let offset): source.place(at: offset)
        case .override(let text): text
        case .builtIn: "default"
        }
    }

    /// The origin without a column, as `config show` gives it: `file:line`.
    public var line: String {
        guard case .text(let source, let offset) = self else { return description }
        return "\(source.name):\(source.position(at: offset).line)"
    }
}
