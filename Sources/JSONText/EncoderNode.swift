extension JSONValue {
    /// The tree of a value: what the strict decoder reads back as an equal value.
    ///
    /// - Parameter value: any encodable value; properties become keys in snake_case, `nil`
    ///   becomes `null`.
    /// - Throws: what the type's own encoding throws.
    public init(encoding value: some Encodable) throws {
        let node = EncoderNode()
        try node.fill(value)
        self = node.value
    }
}

/// One place of a tree while a value is encoded into it.
final class EncoderNode: Encoder {
    private enum Content {
        case nothing
        case value(JSONValue)
        case members([(key: String, node: EncoderNode)])
        case elements([EncoderNode])
    }

    private var content = Content.nothing
    private(set) var keysAreData = false

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    /// The tree that has been encoded here.
    var value: JSONValue {
        switch content {
        case .nothing: return JSONValue(.object(JSONObject()))
        case .value(let value): return value
        case .elements(let elements): return JSONValue(.array(elements.map(\.value)))
        case .members(let members):
            var object = JSONObject()
            for member in members { object[member.key] = member.node.value }
            return JSONValue(.object(object))
        }
    }

    /// Encodes a value here.
    func fill<T: Encodable>(_ value: T) throws {
        if let tree = value as? JSONValue {
            content = .value(tree)
        } else if let scalar = value as? any TreeScalar {
            content = .value(JSONValue(scalar.treeContent))
        } else {
            keysAreData = T.self is any KeyedByData.Type
            try value.encode(to: self)
        }
    }

    func fillNil() { content = .value(JSONValue(.null)) }

    func child(_ key: String) -> EncoderNode {
        let node = EncoderNode()
        var members: [(key: String, node: EncoderNode)] = []
        if case .members(let present) = content { members = present }
        members.append((key, node))
        content = .members(members)
        return node
    }

    func nextElement() -> EncoderNode {
        let node = EncoderNode()
        content = .elements(elements + [node])
        return node
    }

    var elements: [EncoderNode] {
        guard case .elements(let elements) = content else { return [] }
        return elements
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .nothing = content { content = .members([]) }
        return KeyedEncodingContainer(KeyedEncoderNode(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .nothing = content { content = .elements([]) }
        return ElementsEncoderNode(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleEncoderNode(node: self)
    }
}

/// The keys of an object, as Swift's synthesized encoding sees them.
private struct KeyedEncoderNode<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncoderNode
    var codingPath: [any CodingKey] { node.codingPath }

    private func child(_ key: any CodingKey) -> EncoderNode {
        node.child(node.keysAreData ? key.stringValue : KeyNames.snakeCase(key.stringValue))
    }

    func encodeNil(forKey key: Key) throws { child(key).fillNil() }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try child(key).fill(value) }

    // `nil` is written, so that a property set to null over another default survives a round trip.
    // The standard library's own versions for these types would win over the generic one.
    private func encodeOptional<T: Encodable>(_ value: T?, _ key: Key) throws {
        if let value { try child(key).fill(value) } else { child(key).fillNil() }
    }

    func encodeIfPresent<T: Encodable>(_ value: T?, forKey k: Key) throws {
        try encodeOptional(value, k)
    }

    func encodeIfPresent(_ value: Bool?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: String?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: Double?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: Float?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: Int?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: Int8?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: Int16?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: Int32?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: Int64?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: UInt?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: UInt8?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: UInt16?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: UInt32?, forKey k: Key) throws { try encodeOptional(value, k) }
    func encodeIfPresent(_ value: UInt64?, forKey k: Key) throws { try encodeOptional(value, k) }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        child(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        child(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { node }

    func superEncoder(forKey key: Key) -> any Encoder { child(key) }
}

/// The elements of a list, as Swift's synthesized encoding sees them.
private struct ElementsEncoderNode: UnkeyedEncodingContainer {
    let node: EncoderNode
    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int { node.elements.count }

    func encodeNil() throws { node.nextElement().fillNil() }

    func encode<T: Encodable>(_ value: T) throws { try node.nextElement().fill(value) }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        node.nextElement().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        node.nextElement().unkeyedContainer()
    }

    func superEncoder() -> any Encoder { node.nextElement() }
}

/// A single value, as Swift's synthesized encoding sees it.
private struct SingleEncoderNode: SingleValueEncodingContainer {
    let node: EncoderNode
    var codingPath: [any CodingKey] { node.codingPath }

    func encodeNil() throws { node.fillNil() }

    func encode<T: Encodable>(_ value: T) throws { try node.fill(value) }
}

extension JSONValue: Codable {
    /// Takes the tree as it stands, with its places; only from the strict decoder.
    public init(from decoder: any Decoder) throws {
        guard let value = (decoder as? DecoderNode)?.value else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a JSON tree"))
        }
        self = value
    }

    /// Puts the tree as it stands; only for `JSONValue(encoding:)`.
    public func encode(to encoder: any Encoder) throws {
        guard let node = encoder as? EncoderNode else {
            throw EncodingError.invalidValue(
                self, .init(codingPath: encoder.codingPath, debugDescription: "not a JSON tree"))
        }
        try node.fill(self)
    }
}
