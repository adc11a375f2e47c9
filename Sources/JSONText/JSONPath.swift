/// The way from the root of a JSON text to a value, written `model.backbone.depths[2]`.
public struct JSONPath: Hashable, Sendable, CustomStringConvertible {
    /// One step of the way.
    public enum Component: Hashable, Sendable {
        /// Into an object.
        case key(String)
        /// Into a list.
        case index(Int)
    }

    /// The steps, from the root.
    public var components: [Component]

    /// Makes a path from its steps; without steps it is the root.
    public init(_ components: [Component] = []) {
        self.components = components
    }

    /// Reads a path as it is written; `nil` when a key is empty or a bracket holds no index.
    ///
    /// - Parameter text: keys with dots between them, indices in brackets.
    public init?(_ text: String) {
        components = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            guard let key = pieces.first, !key.isEmpty else { return nil }
            components.append(.key(String(key)))
            for piece in pieces.dropFirst() {
                guard piece.last == "]", let index = Int(piece.dropLast()), index >= 0 else {
                    return nil
                }
                components.append(.index(index))
            }
        }
    }

    /// The path with one more step.
    public func appending(_ component: Component) -> JSONPath {
        JSONPath(components + [component])
    }

    /// The path as it is written; the root is empty.
    public var description: String {
        components.reduce(into: "") { text, component in
            switch component {
            case .key(let key): text += (text.isEmpty ? "" : ".") + key
            case .index(let index): text += "[\(index)]"
            }
        }
    }
}
