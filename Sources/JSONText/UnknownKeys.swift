extension JSONObject {
    /// Refuses keys that nobody reads, with the nearest known one.
    ///
    /// - Parameters:
    ///   - known: The keys that are read.
    ///   - path: Path of the object in its file, for messages.
    /// - Throws: `ConfigurationError` naming the first unknown key and its place.
    public func refuseKeys(
        besides known: [String], path: JSONPath = JSONPath()
    ) throws(ConfigurationError) {
        guard let member = members.first(where: { !known.contains($0.key) }) else { return }
        throw ConfigurationError(unknown: member, at: path, known: known)
    }
}

extension ConfigurationError {
    /// The error of a key that nobody reads.
    init(unknown member: JSONObject.Member, at path: JSONPath, known: [String]) {
        self.init(
            what: "unknown key \"\(member.key)\"",
            place: "\(member.origin), \(path.appending(.key(member.key)))",
            fix: Self.advice(for: member.key, known: known))
    }

    private static func advice(for key: String, known: [String]) -> String {
        let list = "known keys: " + known.sorted().joined(separator: ", ")
        guard let nearest = KeyNames.nearest(to: key, among: known) else {
            return known.isEmpty ? "remove it" : "remove it, or use one of the " + list
        }
        return "use \"\(nearest)\"; " + list
    }
}
