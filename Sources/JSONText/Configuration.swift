/// Settings that the strict decoder fills from JSON, over the defaults of `init()`.
///
/// A plain struct with a default for every property. The decoder calls `validate()` on every
/// configuration that it has filled, at any depth, and adds the place to what it throws.
public protocol Configuration: Codable, Sendable {
    /// The defaults.
    init()
    /// Checks ranges and agreements between properties.
    ///
    /// - Throws: `ConfigurationError` with the key that is wrong, relative to this configuration.
    func validate() throws
}

/// A configuration that cannot be used, with the place of the key at fault.
public struct ConfigurationError: DescribedError, Equatable {
    /// What is wrong with it.
    public let what: String
    /// File, line and column or override, then the JSON path.
    public let place: String
    /// What the author of the configuration can do.
    public let fix: String
    /// Path of the key at fault below the configuration that was validated.
    let key: String

    /// Makes an error whose place is known.
    ///
    /// - Parameters:
    ///   - what: what is wrong, one sentence without a full stop.
    ///   - place: file, line and column or override, then the JSON path.
    ///   - fix: what to do.
    public init(what: String, place: String, fix: String) {
        self.what = what
        self.place = place
        self.fix = fix
        key = ""
    }

    /// Makes an error in `validate()`; the decoder finds the place of the key.
    ///
    /// - Parameters:
    ///   - what: what is wrong, one sentence without a full stop.
    ///   - key: the key at fault as it stands in JSON, a path if it is deeper; empty when the
    ///     whole configuration is at fault.
    ///   - fix: what to do.
    public init(what: String, key: String, fix: String) {
        self.what = what
        place = ""
        self.fix = fix
        self.key = key
    }
}

/// Fills `Codable` types from JSON without forgiving anything.
///
/// The user's tree and the encoded defaults are read together: a struct merges key by key; a
/// dictionary, an enum with payload or a list replaces its default. Keys that the type never
/// asked for are unknown and refused with the nearest known key; `3.0` is no integer; errors name
/// file, line, column and JSON path at any depth. Keys in snake_case fill properties in camelCase.
public enum StrictDecoder {
    /// Fills a type over defaults.
    ///
    /// - Parameters:
    ///   - type: what to fill.
    ///   - value: the user's tree.
    ///   - defaults: what holds where the tree is silent.
    ///   - path: path of `value` in its file, for messages.
    /// - Returns: the filled value, validated.
    /// - Throws: `ConfigurationError` when the tree does not fit the type.
    public static func decode<T: Codable>(
        _ type: T.Type, from value: JSONValue, defaults: T, path: JSONPath = JSONPath()
    ) throws -> T {
        let fallback = try JSONValue(encoding: defaults)
        return try DecoderNode(user: value, fallback: fallback, path: path).fill(type)
    }

    /// Fills a type that has no defaults, or a configuration over its own.
    ///
    /// - Parameters:
    ///   - type: what to fill.
    ///   - value: the user's tree.
    ///   - path: path of `value` in its file, for messages.
    /// - Returns: the filled value, validated.
    /// - Throws: `ConfigurationError` when the tree does not fit the type.
    public static func decode<T: Decodable>(
        _ type: T.Type, from value: JSONValue, path: JSONPath = JSONPath()
    ) throws -> T {
        try DecoderNode(user: value, fallback: nil, path: path).fill(type)
    }
}
