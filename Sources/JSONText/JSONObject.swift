/// The members of a JSON object in the order of the text.
public struct JSONObject: Sendable, Equatable {
    /// A key with its value.
    public struct Member: Sendable {
        /// The key.
        public let key: String
        /// Where the key stands.
        public let origin: JSONOrigin
        /// The value.
        public var value: JSONValue
    }

    /// The members, in the order of the text.
    public private(set) var members: [Member] = []
    private var indices: [String: Int] = [:]

    /// Makes an object without members.
    public init() {}

    /// The keys, in the order of the text.
    public var keys: [String] { members.map(\.key) }

    /// Number of members.
    public var count: Int { members.count }

    /// The value under a key; a new key goes to the end, `nil` removes it.
    public subscript(key: String) -> JSONValue? {
        get { indices[key].map { members[$0].value } }
        set {
            guard let newValue else { return remove(key) }
            set(key, newValue, origin: newValue.origin)
        }
    }

    /// Where a key stands.
    ///
    /// - Parameter key: the key.
    /// - Returns: its place, or `nil` if the object lacks it.
    public func origin(ofKey key: String) -> JSONOrigin? {
        indices[key].map { members[$0].origin }
    }

    /// Sets the value under a key, keeping the key's place in the order.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - value: its value.
    ///   - origin: where the key stands.
    public mutating func set(_ key: String, _ value: JSONValue, origin: JSONOrigin) {
        let member = Member(key: key, origin: origin, value: value)
        if let index = indices[key] {
            members[index] = member
        } else {
            indices[key] = members.count
            members.append(member)
        }
    }

    private mutating func remove(_ key: String) {
        guard let index = indices.removeValue(forKey: key) else { return }
        members.remove(at: index)
        for position in index..<members.count { indices[members[position].key] = position }
    }

    /// Whether two objects have equal values under the same keys, in any order.
    ///
    /// - Parameters:
    ///   - left: an object.
    ///   - right: another.
    /// - Returns: whether they are equal.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}
