/// A configuration file with its bases and overrides merged, before it is decoded.
///
/// `_base_` lists files that are merged in order, relative to the file that names them; later
/// ones win, the file itself wins over them, overrides win over all. Objects merge, everything
/// else replaces; `"_replace_": true` makes an object replace too. Every value keeps its origin.
public struct ConfigurationTree: Sendable {
    /// The merged object, without `_base_` and `_replace_`.
    public private(set) var value: JSONValue

    /// Reads a configuration file.
    ///
    /// - Parameters:
    ///   - path: path of the file.
    ///   - overrides: `a.b.c=value` each, as given to `--set`; the value is JSON, else a text.
    /// - Returns: the merged tree.
    /// - Throws: `JSONError` when a file cannot be read, `ConfigurationError` when files cannot
    ///   be merged or an override cannot be applied.
    public static func load(path: String, overrides: [String] = []) throws -> ConfigurationTree {
        var known: [String: JSONValue] = [:]
        let value = try merged(path: path, namedBy: [], &known)
        return try ConfigurationTree(value: value, overrides: overrides)
    }

    /// Takes a tree that is merged already.
    ///
    /// - Parameters:
    ///   - value: the tree.
    ///   - overrides: `a.b.c=value` each, as given to `--set`.
    /// - Throws: `ConfigurationError` when an override cannot be applied.
    public init(value: JSONValue, overrides: [String] = []) throws {
        self.value = value
        for text in overrides { try apply(ConfigurationOverride(text)) }
    }

    /// Fills a configuration from the tree.
    ///
    /// - Parameters:
    ///   - type: the configuration.
    ///   - defaults: what holds where the tree is silent.
    /// - Returns: the filled configuration, validated.
    /// - Throws: `ConfigurationError` when the tree does not fit.
    public func decode<T: Codable>(_ type: T.Type, defaults: T) throws -> T {
        try StrictDecoder.decode(type, from: value, defaults: defaults)
    }

    /// Where the value at a path was given, or `nil` if no file and no override gave it.
    public func origin(of path: JSONPath) -> JSONOrigin? {
        value.value(at: path)?.origin
    }

    // MARK: - Merging

    /// Reads a file and merges it over its bases; `chain` are the files that led to it.
    ///
    /// A base that many files name is merged once and kept in `known`.
    private static func merged(
        path: String, namedBy chain: [String], _ known: inout [String: JSONValue]
    ) throws -> JSONValue {
        if let value = known[FilePaths.canonical(path)] { return value }
        let value = try JSONValue.read(path: path)
        guard var object = value.object else {
            throw ConfigurationError(
                what: "expected an object, found \(value.kind.rawValue)",
                place: value.origin.description, fix: "put the settings into {...}")
        }
        let bases = object["_base_"]
        object["_base_"] = nil
        let own = JSONValue(.object(object), origin: value.origin)
        var result: JSONValue?
        for base in try baseNames(bases) {
            let basePath = FilePaths.resolve(base.name, relativeTo: path)
            let links = chain + [FilePaths.canonical(path)]
            guard !links.contains(FilePaths.canonical(basePath)) else {
                throw ConfigurationError(
                    what: "files name each other as \"_base_\" in a circle: "
                        + (links + [FilePaths.canonical(basePath)]).map(FilePaths.lastComponent)
                        .joined(separator: " -> "),
                    place: "\(base.origin), _base_", fix: "remove one of them from \"_base_\"")
            }
            let read = try merged(path: basePath, namedBy: links, &known)
            result = try result.map { try merge($0, read) } ?? read
        }
        let empty = JSONValue(.object(JSONObject()), origin: own.origin)
        let whole = try merge(result ?? empty, own)
        known[FilePaths.canonical(path)] = whole
        return whole
    }

    private struct BaseName {
        let name: String
        let origin: JSONOrigin
    }

    private static func baseNames(_ value: JSONValue?) throws -> [BaseName] {
        guard let value else { return [] }
        let entries = value.array ?? [value]
        return try entries.map { entry in
            guard let name = entry.string else {
                throw ConfigurationError(
                    what: "expected a file name, found \(entry.kind.rawValue)",
                    place: "\(entry.origin), _base_",
                    fix: "write a file name, or a list of file names")
            }
            return BaseName(name: name, origin: entry.origin)
        }
    }

    /// Lays one value over another: objects merge key by key, all else replaces.
    private static func merge(_ lower: JSONValue, _ upper: JSONValue) throws -> JSONValue {
        guard var above = upper.object else { return upper }
        var below = lower.object ?? JSONObject()
        if let marker = above["_replace_"] {
            guard let replaces = marker.boolean else {
                throw ConfigurationError(
                    what: "expected true or false, found \(marker.kind.rawValue)",
                    place: "\(marker.origin), _replace_", fix: "write true, or remove the key")
            }
            above["_replace_"] = nil
            if replaces { below = JSONObject() }
        }
        for member in above.members {
            let null = JSONValue(.null)
            let value = try merge(below[member.key] ?? null, member.value)
            below.set(member.key, value, origin: member.origin)
        }
        return JSONValue(.object(below), origin: upper.origin)
    }

    private mutating func apply(_ override: ConfigurationOverride) throws {
        value = try Self.setting(value, override, at: override.path.components[...])
    }

    /// The tree with the override's value at the rest of its path.
    private static func setting(
        _ tree: JSONValue, _ override: ConfigurationOverride,
        at rest: ArraySlice<JSONPath.Component>
    ) throws -> JSONValue {
        guard let step = rest.first else { return try merge(tree, override.value) }
        switch step {
        case .key(let key):
            guard tree.isNull || tree.object != nil else {
                throw override.blocked(by: tree, before: rest, wanting: .object)
            }
            var object = tree.object ?? JSONObject()
            let next = try setting(object[key] ?? JSONValue(.null), override, at: rest.dropFirst())
            object.set(key, next, origin: object.origin(ofKey: key) ?? override.origin)
            return JSONValue(.object(object), origin: tree.isNull ? override.origin : tree.origin)
        case .index(let index):
            guard var elements = tree.array, elements.indices.contains(index) else {
                throw override.blocked(by: tree, before: rest, wanting: .array)
            }
            elements[index] = try setting(elements[index], override, at: rest.dropFirst())
            return JSONValue(.array(elements), origin: tree.origin)
        }
    }
}
