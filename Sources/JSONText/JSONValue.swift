/// A JSON value that remembers where it was read.
///
/// For configurations and other small texts; annotation files go through `JSONScanner`.
public struct JSONValue: Sendable {
    /// The value proper.
    public enum Content: Sendable, Equatable {
        /// `null`.
        case null
        /// `true` or `false`.
        case boolean(Bool)
        /// An integer within 64 bits.
        case integer(Int64)
        /// An integer beyond 64 bits, as it stands.
        case bigInteger(String)
        /// A number with a fraction or an exponent.
        case double(Double)
        /// A text.
        case string(String)
        /// A list.
        case array([JSONValue])
        /// An object.
        case object(JSONObject)
    }

    /// The value proper.
    public var content: Content
    /// Where it was read.
    public var origin: JSONOrigin

    /// Makes a value.
    ///
    /// - Parameters:
    ///   - content: the value proper.
    ///   - origin: where it comes from.
    public init(_ content: Content, origin: JSONOrigin = .builtIn) {
        self.content = content
        self.origin = origin
    }

    /// What the value is.
    public var kind: JSONKind {
        switch content {
        case .null: .null
        case .boolean: .boolean
        case .integer, .bigInteger, .double: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// Whether the value is `null`.
    public var isNull: Bool { content == .null }

    /// The value if it is `true` or `false`.
    public var boolean: Bool? {
        guard case .boolean(let value) = content else { return nil }
        return value
    }

    /// The value if it is an integer within 64 bits.
    public var integer: Int? {
        guard case .integer(let value) = content else { return nil }
        return Int(value)
    }

    /// The value if it is a number; an integer is rounded to the nearest double.
    public var double: Double? {
        switch content {
        case .integer(let value): Double(value)
        case .bigInteger(let text): Double(text)
        case .double(let value): value
        default: nil
        }
    }

    /// The value if it is a text.
    public var string: String? {
        guard case .string(let value) = content else { return nil }
        return value
    }

    /// The value if it is a list.
    public var array: [JSONValue]? {
        guard case .array(let value) = content else { return nil }
        return value
    }

    /// The value if it is an object.
    public var object: JSONObject? {
        guard case .object(let value) = content else { return nil }
        return value
    }

    /// The value under a key, if this is an object that has it.
    public subscript(key: String) -> JSONValue? { object?[key] }

    /// The value at a path below this one.
    ///
    /// - Parameter path: keys and indices.
    /// - Returns: the value, or `nil` where the path leaves the tree.
    public func value(at path: JSONPath) -> JSONValue? {
        var current = self
        for component in path.components {
            switch component {
            case .key(let key):
                guard let next = current[key] else { return nil }
                current = next
            case .index(let index):
                guard let elements = current.array, elements.indices.contains(index) else {
                    return nil
                }
                current = elements[index]
            }
        }
        return current
    }
}

extension JSONValue: Equatable {
    /// Whether two values are the same text; where they were read does not matter.
    ///
    /// - Parameters:
    ///   - left: a value.
    ///   - right: another.
    /// - Returns: whether they are equal, objects in any order of their keys.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        left.content == right.content
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// Makes a text.
    public init(stringLiteral value: String) { self.init(.string(value)) }
    /// Makes an integer.
    public init(integerLiteral value: Int64) { self.init(.integer(value)) }
    /// Makes a number.
    public init(floatLiteral value: Double) { self.init(.double(value)) }
    /// Makes `true` or `false`.
    public init(booleanLiteral value: Bool) { self.init(.boolean(value)) }
    /// Makes a list.
    public init(arrayLiteral elements: JSONValue...) { self.init(.array(elements)) }
    /// Makes an object; of equal keys the last wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self.init(.object(object))
    }
}
