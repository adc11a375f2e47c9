/// One setting of a resolved configuration, as `config show` lists it.
public struct ConfigurationSetting: Sendable {
    /// Its path.
    public let path: JSONPath
    /// Its value: a scalar, a list, or an empty object.
    public let value: JSONValue
    /// Where it was given: file and line, override, or `default`.
    public let origin: String
}

extension ConfigurationTree {
    /// All settings of a decoded configuration, each with its origin.
    ///
    /// - Parameter resolved: what `decode` gave, defaults filled in.
    /// - Returns: the settings in the order of the configuration.
    /// - Throws: what the type's own encoding throws.
    public func settings(of resolved: some Encodable) throws -> [ConfigurationSetting] {
        settings(in: try JSONValue(encoding: resolved))
    }

    /// All settings of a resolved tree, each with its origin.
    ///
    /// - Parameter resolved: every value, defaults filled in.
    /// - Returns: the settings in the order of the tree.
    public func settings(in resolved: JSONValue) -> [ConfigurationSetting] {
        var result: [ConfigurationSetting] = []
        list(resolved, given: value, at: JSONPath(), into: &result)
        return result
    }

    private func list(
        _ value: JSONValue, given: JSONValue?, at path: JSONPath,
        into result: inout [ConfigurationSetting]
    ) {
        if let object = value.object, object.count > 0 {
            for member in object.members {
                list(
                    member.value, given: given?[member.key],
                    at: path.appending(.key(member.key)), into: &result)
            }
            return
        }
        let origin = given?.origin ?? .builtIn
        result.append(ConfigurationSetting(path: path, value: value, origin: origin.line))
    }
}
