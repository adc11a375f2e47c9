/// The keys of an object, as Swift's synthesized decoding sees them.
struct KeyedNode<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let node: DecoderNode
    var codingPath: [any CodingKey] { node.codingPath }
    var allKeys: [Key] { node.allKeys(as: Key.self) }

    private func name(_ key: any CodingKey) -> String {
        let name = node.keysAreData ? key.stringValue : KeyNames.snakeCase(key.stringValue)
        node.ask(name)
        return name
    }

    func contains(_ key: Key) -> Bool { node.child(name(key)).value != nil }

    func decodeNil(forKey key: Key) throws -> Bool { node.child(name(key)).value?.isNull ?? true }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        let child = node.child(name(key))
        guard child.value != nil || type is any Configuration.Type else { throw child.missing }
        return try child.fill(type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try node.nest(node.child(name(key))).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try node.nest(node.child(name(key))).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { node }

    func superDecoder(forKey key: Key) throws -> any Decoder { node.nest(node.child(name(key))) }
}

/// The elements of a list, as Swift's synthesized decoding sees them.
struct ElementsNode: UnkeyedDecodingContainer {
    let node: DecoderNode
    let total: Int
    var currentIndex = 0

    init(node: DecoderNode, total: Int) {
        self.node = node
        self.total = total
    }

    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int? { total }
    var isAtEnd: Bool { currentIndex >= total }

    private mutating func next() -> DecoderNode {
        defer { currentIndex += 1 }
        return node.child(currentIndex)
    }

    mutating func decodeNil() throws -> Bool {
        guard node.child(currentIndex).value?.isNull ?? true else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let child = next()
        guard child.value != nil else { throw child.missing }
        return try child.fill(type)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try node.nest(next()).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try node.nest(next()).unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { node.nest(next()) }
}

/// A single value, as Swift's synthesized decoding sees it.
struct SingleNode: SingleValueDecodingContainer {
    let node: DecoderNode
    var codingPath: [any CodingKey] { node.codingPath }

    func decodeNil() -> Bool { node.value?.isNull ?? true }

    func decode<T: Decodable>(_ type: T.Type) throws -> T { try node.fill(type) }
}
