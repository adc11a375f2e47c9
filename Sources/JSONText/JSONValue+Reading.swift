extension JSONValue {
    /// Reads a file.
    ///
    /// - Parameter path: path of the file.
    /// - Returns: the one value that it holds.
    /// - Throws: `JSONError` when it cannot be read or is not JSON.
    public static func read(path: String) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: JSONSource(path: path))
    }

    /// Reads a text that holds one value.
    ///
    /// - Parameter source: the text.
    /// - Throws: `JSONError` when it is not JSON, or an object has a key twice.
    public init(parsing source: JSONSource) throws(JSONError) {
        var scanner = JSONScanner(source)
        self = try scanner.readValue()
        try scanner.finish()
    }
}

extension JSONScanner {
    /// Reads a value of any kind as a tree.
    ///
    /// - Returns: the value with its place.
    /// - Throws: `JSONError` when it is not JSON, or an object has a key twice.
    public mutating func readValue() throws(JSONError) -> JSONValue {
        let kind = try peek()
        let origin = JSONOrigin.text(source, offset: offset)
        let content: JSONValue.Content
        switch kind {
        case .null:
            try readNull()
            content = .null
        case .boolean: content = .boolean(try readBoolean())
        case .string: content = .string(try readString())
        case .array: content = .array(try readElements())
        case .object: content = .object(try readMembers())
        case .number:
            switch try readNumber() {
            case .integer(let value): content = .integer(value)
            case .bigInteger(let text): content = .bigInteger(text)
            case .double(let value): content = .double(value)
            }
        }
        return JSONValue(content, origin: origin)
    }

    private mutating func readElements() throws(JSONError) -> [JSONValue] {
        try beginArray()
        var elements: [JSONValue] = []
        while try nextElement() { elements.append(try readValue()) }
        return elements
    }

    private mutating func readMembers() throws(JSONError) -> JSONObject {
        try beginObject()
        var object = JSONObject()
        while let key = try nextKey() {
            let name = key.text
            if case .text(_, let first)? = object.origin(ofKey: name) {
                throw failure(
                    "the key \"\(name)\" stands twice in one object", at: key.offset,
                    fix: "remove one of them; the first is in line "
                        + "\(source.position(at: first).line)")
            }
            object.set(name, try readValue(), origin: .text(source, offset: key.offset))
        }
        return object
    }
}
