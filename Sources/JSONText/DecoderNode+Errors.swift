extension DecoderNode {
    /// File, line, column and JSON path of this place.
    var place: String { place(of: JSONPath(), full: path) }

    /// The place of a key below this one, or of the nearest value around it that the user gave.
    func place(of key: JSONPath, full: JSONPath) -> String {
        var inside = key
        var origin = user?.value(at: inside)?.origin
        while origin == nil, inside.components.popLast() != nil {
            origin = user?.value(at: inside)?.origin
        }
        let text = full.description
        let start = (origin ?? nearestOrigin).description
        return text.isEmpty ? start : start + ", " + text
    }

    /// An error of a type's own rules, with the place that the type does not know.
    func placed(_ error: ConfigurationError) -> ConfigurationError {
        let key = JSONPath(error.key) ?? JSONPath()
        let full = JSONPath(path.components + key.components)
        return ConfigurationError(
            what: error.what, place: place(of: key, full: full), fix: error.fix)
    }

    /// The value here is of another kind than the type wants.
    func mismatch(_ expected: JSONKind) -> ConfigurationError {
        mismatch(expected.rawValue)
    }

    /// The value here is not what the type wants.
    func mismatch(_ expected: String) -> ConfigurationError {
        guard let value else { return missing }
        return ConfigurationError(
            what: "expected \(expected), found \(Self.found(value))", place: place,
            fix: "write \(expected)" + example)
    }

    /// The type wants a value here and there is none.
    var missing: ConfigurationError {
        let name =
            switch path.components.last {
            case .key(let key): "the key \"\(key)\" is missing"
            case .index(let index): "element \(index) is missing"
            case nil: "the value is missing"
            }
        return ConfigurationError(what: name, place: place, fix: "add it" + example)
    }

    /// An error of a type's own decoding, with the place that the type does not know.
    func converted<T>(_ error: DecodingError, _ type: T.Type) -> ConfigurationError {
        if let allowed = Self.allowedTexts(type), let text = value?.string {
            let nearest = KeyNames.nearest(to: text, among: allowed)
            let list = "allowed are " + allowed.map { "\"\($0)\"" }.joined(separator: ", ")
            return ConfigurationError(
                what: "\"\(text)\" is not allowed", place: place,
                fix: nearest.map { "use \"\($0)\"; " + list } ?? list)
        }
        let what =
            switch error {
            case .dataCorrupted(let context), .typeMismatch(_, let context),
                .valueNotFound(_, let context), .keyNotFound(_, let context):
                context.debugDescription
            @unknown default: "the value cannot be used"
            }
        let sentence = what.hasSuffix(".") ? String(what.dropLast()) : what
        return ConfigurationError(what: sentence, place: place, fix: "correct the value" + example)
    }

    /// The default, for the advice of an error.
    private var example: String {
        guard let fallback, !fallback.isNull else { return "" }
        let text = fallback.text(.compact)
        return text.count <= 60 ? "; the default is " + text : ""
    }

    private static func found(_ value: JSONValue) -> String {
        switch value.kind {
        case .array, .object: value.kind.rawValue
        case .string: "the text " + value.text(.compact)
        default: value.text(.compact)
        }
    }

    /// The texts that an enum without payloads accepts, if the type is one that lists its cases.
    private static func allowedTexts<T>(_ type: T.Type) -> [String]? {
        guard let enumeration = type as? any CaseIterable.Type else { return nil }
        return rawTexts(enumeration)
    }

    private static func rawTexts<T: CaseIterable>(_ type: T.Type) -> [String]? {
        let texts = type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        return texts.isEmpty ? nil : texts
    }
}
