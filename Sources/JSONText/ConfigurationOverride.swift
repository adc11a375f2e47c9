/// A value given on the command line, `a.b.c=value`.
struct ConfigurationOverride {
    let path: JSONPath
    let value: JSONValue
    let origin: JSONOrigin

    /// Reads what follows `--set`.
    ///
    /// - Throws: `ConfigurationError` when it is not `path=value`.
    init(_ text: String) throws {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, let path = JSONPath(String(sides[0])) else {
            throw ConfigurationError(
                what: "\"\(text)\" is no setting", place: "--set \(text)",
                fix: "write --set path=value, as in --set training.epochs=3")
        }
        self.path = path
        origin = .override("--set " + text)
        let source = JSONSource(text: String(sides[1]), name: "--set " + text)
        let parsed = try? JSONValue(parsing: source)
        value = Self.stamped(parsed ?? JSONValue(.string(String(sides[1]))), origin)
    }

    /// The error of a path that leads through something that is no container.
    func blocked(
        by value: JSONValue, before rest: ArraySlice<JSONPath.Component>, wanting kind: JSONKind
    ) -> ConfigurationError {
        let reached = JSONPath(Array(path.components[..<rest.startIndex]))
        let length = value.array.map { " of \($0.count)" } ?? ""
        return ConfigurationError(
            what: "\"\(path)\" leads nowhere: \(reached) is \(value.kind.rawValue)\(length)",
            place: origin.description,
            fix: kind == .array
                ? "set the whole of \(reached), or an index that it has"
                : "set \(reached) to an object, or another path")
    }

    /// The value with one origin throughout.
    private static func stamped(_ value: JSONValue, _ origin: JSONOrigin) -> JSONValue {
        switch value.content {
        case .array(let elements):
            return JSONValue(.array(elements.map { stamped($0, origin) }), origin: origin)
        case .object(let object):
            var result = JSONObject()
            for member in object.members {
                result.set(member.key, stamped(member.value, origin), origin: origin)
            }
            return JSONValue(.object(result), origin: origin)
        default: return JSONValue(value.content, origin: origin)
        }
    }
}
