/// One place of the tree while it is decoded: the user's value there and the default there.
// A class, because the containers that Swift's synthesized code copies must share what they saw.
final class DecoderNode: Decoder {
    let user: JSONValue?
    let fallback: JSONValue?
    let path: JSONPath
    /// Where the nearest value that the user gave stands, for errors about missing ones.
    let nearestOrigin: JSONOrigin
    /// Whether keys are data, as in a dictionary, instead of names of properties.
    let keysAreData: Bool

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    /// Keys that the type asked for, in the order of asking.
    private(set) var asked: [String] = []
    /// Whether the type asked for all keys, so that the default gives way to the user's object.
    private var takesAllKeys = false
    /// Whether the type wants an object here, whose keys are then checked.
    private var isKeyed = false
    private var nested: [DecoderNode] = []

    init(
        user: JSONValue?, fallback: JSONValue?, path: JSONPath, parent: DecoderNode? = nil,
        keysAreData: Bool = false
    ) {
        self.user = user
        self.fallback = fallback.flatMap { $0.isNull && user?.isNull == false ? nil : $0 }
        self.path = path
        self.keysAreData = keysAreData
        nearestOrigin = user?.origin ?? parent?.nearestOrigin ?? .builtIn
    }

    /// What holds here: the user's value, else the default.
    var value: JSONValue? { user ?? fallback }

    // MARK: - Filling a type

    /// Decodes a type here, then looks for keys that it did not ask for, then validates it.
    func fill<T: Decodable>(_ type: T.Type) throws -> T {
        if let value = value as? T { return value }
        if let scalar = type as? any TreeScalar.Type {
            guard let result = try scalar.init(from: self) as? T else { throw mismatch(.null) }
            return result
        }
        let node = try prepared(for: type)
        let result: T
        do {
            result = try T(from: node)
        } catch let error as DecodingError {
            try node.refuseUnknownKeys()
            throw node.converted(error, type)
        } catch let error as ConfigurationError where error.place.isEmpty {
            throw node.placed(error)
        }
        try node.refuseUnknownKeys()
        if let configuration = result as? any Configuration { try node.validate(configuration) }
        return result
    }

    /// This place with what the type brings along: its own defaults, and what its keys are.
    private func prepared<T>(for type: T.Type) throws -> DecoderNode {
        var fallback = fallback
        if fallback == nil, let configuration = type as? any Configuration.Type {
            fallback = try JSONValue(encoding: configuration.init())
        }
        return DecoderNode(
            user: user, fallback: fallback, path: path, parent: self,
            keysAreData: type is any KeyedByData.Type)
    }

    private func validate(_ configuration: any Configuration) throws {
        do {
            try configuration.validate()
        } catch let error as ConfigurationError where error.place.isEmpty {
            throw placed(error)
        }
    }

    // MARK: - Children

    /// The place below a key.
    func child(_ key: String, keysAreData: Bool = false) -> DecoderNode {
        DecoderNode(
            user: user?[key], fallback: takesAllKeys && user != nil ? nil : fallback?[key],
            path: path.appending(.key(key)), parent: self, keysAreData: keysAreData)
    }

    /// The place of an element of a list.
    func child(_ index: Int) -> DecoderNode {
        let element = JSONPath([.index(index)])
        return DecoderNode(
            user: user?.value(at: element),
            fallback: user == nil ? fallback?.value(at: element) : nil,
            path: path.appending(.index(index)), parent: self)
    }

    /// A place that the type decodes by a container of its own instead of by a type.
    func nest(_ node: DecoderNode) -> DecoderNode {
        nested.append(node)
        return node
    }

    // MARK: - Keys

    func ask(_ key: String) {
        if !asked.contains(key) { asked.append(key) }
    }

    /// All keys here; from now on the default counts no more if the user gave an object.
    func allKeys<Key: CodingKey>(as type: Key.Type) -> [Key] {
        takesAllKeys = true
        return (value?.object?.keys ?? []).compactMap { name in
            let key = keysAreData ? Key(stringValue: name) : self.key(named: name, as: type)
            if key != nil { ask(name) }
            return key
        }
    }

    private func key<Key: CodingKey>(named name: String, as type: Key.Type) -> Key? {
        let candidates = [KeyNames.camelCase(name), name].compactMap { Key(stringValue: $0) }
        return candidates.first { KeyNames.snakeCase($0.stringValue) == name }
    }

    /// Throws when the user's object has keys that the type did not ask for.
    func refuseUnknownKeys() throws {
        try nested.forEach { try $0.refuseUnknownKeys() }
        guard isKeyed, let object = user?.object else { return }
        guard let member = object.members.first(where: { !asked.contains($0.key) }) else { return }
        let others = (fallback?.object?.keys ?? []).filter { !asked.contains($0) }
        throw ConfigurationError(unknown: member, at: path, known: asked + others)
    }

    // MARK: - Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard value?.kind == .object else { throw mismatch(.object) }
        isKeyed = true
        return KeyedDecodingContainer(KeyedNode(node: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = value?.array else { throw mismatch(.array) }
        return ElementsNode(node: self, total: elements.count)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        SingleNode(node: self)
    }
}
