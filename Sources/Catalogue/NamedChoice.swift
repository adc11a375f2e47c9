import Detection
import JSONText

/// An object whose key `name` chooses what the other keys mean.
enum NamedChoice {
    /// Takes the name off an object.
    ///
    /// - Parameters:
    ///   - value: The object.
    ///   - path: Its path in the file.
    ///   - known: The names that are possible.
    /// - Returns: The name, and the object without it.
    /// - Throws: `ConfigurationError` when there is no such name.
    static func split(_ value: JSONValue, path: JSONPath, known: [String]) throws -> (
        name: String, rest: JSONValue
    ) {
        guard var object = value.object else {
            throw ConfigurationError.at(
                value, path, what: "expected an object with \"name\", found \(value.kind.rawValue)",
                fix: "write {\"name\": \"\(known.first ?? "")\"}")
        }
        guard let name = object["name"]?.string else {
            throw ConfigurationError.at(
                value, path, what: "the object has no text \"name\"",
                fix: "add one of: " + known.joined(separator: ", "))
        }
        object["name"] = nil
        return (name, JSONValue(.object(object), origin: value.origin))
    }

    /// The error for a name that nobody registered.
    static func unknown(_ name: String, in value: JSONValue, path: JSONPath, known: [String])
        -> ConfigurationError
    {
        let near = KeyNames.nearest(to: name, among: known)
        return ConfigurationError.at(
            value["name"] ?? value, path.appending(.key("name")),
            what: "there is no \"\(name)\"",
            fix: near.map { "did you mean \"\($0)\"? " } ?? ""
                + "known are: " + known.joined(separator: ", "))
    }

    /// Runs a check and adds file and line to what it throws.
    ///
    /// - Parameters:
    ///   - value: The object that was checked.
    ///   - path: Its path in the file.
    ///   - check: Throws errors whose place is a key of the object.
    /// - Throws: `ConfigurationError` with the place of the key.
    static func placing(_ value: JSONValue, _ path: JSONPath, _ check: () throws -> Void) throws {
        func placed(_ what: String, _ key: String, _ fix: String) -> ConfigurationError {
            let inner = JSONPath(key) ?? JSONPath()
            let whole = JSONPath(path.components + inner.components)
            return .at(value.value(at: inner) ?? value, whole, what: what, fix: fix)
        }
        do {
            try check()
        } catch let error as DetectionError {
            throw placed(error.what, error.place, error.fix)
        }
    }

    /// An object with its name in front of the other keys.
    static func named(_ name: String, _ value: JSONValue) -> JSONValue {
        var object = JSONObject()
        object["name"] = JSONValue(.string(name))
        for member in value.object?.members ?? [] { object[member.key] = member.value }
        return JSONValue(.object(object))
    }
}

extension ConfigurationError {
    /// An error at a value of a file.
    static func at(_ value: JSONValue, _ path: JSONPath, what: String, fix: String)
        -> ConfigurationError
    {
        let place = path.components.isEmpty ? "\(value.origin)" : "\(value.origin), \(path)"
        return ConfigurationError(what: what, place: place, fix: fix)
    }
}
