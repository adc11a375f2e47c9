/// A type that is one JSON token, converted without loss in both directions.
protocol TreeScalar {
    init(from node: DecoderNode) throws
    var treeContent: JSONValue.Content { get }
}

extension Bool: TreeScalar {
    init(from node: DecoderNode) throws {
        guard let value = node.value?.boolean else { throw node.mismatch(.boolean) }
        self = value
    }

    var treeContent: JSONValue.Content { .boolean(self) }
}

extension String: TreeScalar {
    init(from node: DecoderNode) throws {
        guard let value = node.value?.string else { throw node.mismatch(.string) }
        self = value
    }

    var treeContent: JSONValue.Content { .string(self) }
}

extension Double: TreeScalar {
    init(from node: DecoderNode) throws {
        guard let value = node.value?.double else { throw node.mismatch(.number) }
        self = value
    }

    var treeContent: JSONValue.Content { .double(self) }
}

extension Float: TreeScalar {
    init(from node: DecoderNode) throws { self = Float(try Double(from: node)) }

    /// The shortest decimal number that reads back as this one: 0.1, not 0.10000000149011612.
    var treeContent: JSONValue.Content { .double(Double("\(self)") ?? Double(self)) }
}

extension TreeScalar where Self: FixedWidthInteger {
    init(from node: DecoderNode) throws {
        switch node.value?.content {
        case .integer(let value):
            guard let exact = Self(exactly: value) else { throw node.outOfRange(Self.self) }
            self = exact
        case .bigInteger(let text):
            guard let exact = Self(text) else { throw node.outOfRange(Self.self) }
            self = exact
        default: throw node.mismatch("an integer")
        }
    }

    var treeContent: JSONValue.Content {
        Int64(exactly: self).map { .integer($0) } ?? .bigInteger(String(self))
    }
}

extension Int: TreeScalar {}
extension Int8: TreeScalar {}
extension Int16: TreeScalar {}
extension Int32: TreeScalar {}
extension Int64: TreeScalar {}
extension UInt: TreeScalar {}
extension UInt8: TreeScalar {}
extension UInt16: TreeScalar {}
extension UInt32: TreeScalar {}
extension UInt64: TreeScalar {}

extension DecoderNode {
    fileprivate func outOfRange<T: FixedWidthInteger>(_ type: T.Type) -> ConfigurationError {
        ConfigurationError(
            what: "\(value?.text(.compact) ?? "the integer") is out of range", place: place,
            fix: "write an integer from \(T.min) to \(T.max)")
    }
}

/// A dictionary, whose keys are data and therefore kept as they stand.
protocol KeyedByData {}

extension Dictionary: KeyedByData where Key: CodingKeyRepresentable {}
