extension COCOIdentifier: CustomStringConvertible {
    /// The id as JSON has it: digits, or a text in quotes.
    public var description: String {
        switch self {
        case .number(let value): "\(value)"
        case .bigNumber(let digits): digits
        case .text(let text): "\"\(text)\""
        }
    }

    /// Whether the id is a number of any size.
    public var isNumber: Bool {
        if case .text = self { false } else { true }
    }

    /// Whether two ids are the same; texts byte by byte, so that composed letters and their
    /// decomposed likes stay two ids.
    ///
    /// - Parameters:
    ///   - left: an id.
    ///   - right: another.
    /// - Returns: whether they are the same.
    public static func == (left: COCOIdentifier, right: COCOIdentifier) -> Bool {
        switch (left, right) {
        case (.number(let a), .number(let b)): a == b
        case (.bigNumber(let a), .bigNumber(let b)): a == b
        case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
        default: false
        }
    }

    /// Feeds the id to a hash.
    ///
    /// - Parameter hasher: gets the kind and the digits or bytes.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .number(let value): hasher.combine(value)
        case .bigNumber(let digits): hasher.combine(digits)
        case .text(var text):
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    /// Whether one id comes before another: numbers by value, then texts by their code points.
    ///
    /// - Parameters:
    ///   - left: an id.
    ///   - right: another.
    /// - Returns: whether `left` comes first.
    public static func < (left: COCOIdentifier, right: COCOIdentifier) -> Bool {
        switch (left, right) {
        case (.number(let a), .number(let b)): a < b
        case (.bigNumber(let a), .bigNumber(let b)): precedes(a, b)
        case (.number, .bigNumber(let b)): !b.hasPrefix("-")
        case (.bigNumber(let a), .number): a.hasPrefix("-")
        case (.text(let a), .text(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.text, _): false
        case (_, .text): true
        }
    }

    /// The number that a text stands for, or the text of a number; `nil` if there is none.
    ///
    /// `"17"` stands for 17; `"017"` and `"17.0"` are texts.
    var otherForm: COCOIdentifier? {
        switch self {
        case .number(let value): return .text("\(value)")
        case .bigNumber(let digits): return .text(digits)
        case .text(let text):
            let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
            guard let first = digits.utf8.first, digits.utf8.allSatisfy({ (48...57).contains($0) }),
                first != 48 || text == "0"
            else { return nil }
            return Int64(text).map { .number($0) } ?? .bigNumber(text)
        }
    }

    /// Whether one decimal text is less than another, without leading zeros.
    private static func precedes(_ a: String, _ b: String) -> Bool {
        let aIsNegative = a.hasPrefix("-")
        guard aIsNegative == b.hasPrefix("-") else { return aIsNegative }
        let isSmaller = a.count == b.count ? a < b : a.count < b.count
        return aIsNegative ? a != b && !isSmaller : isSmaller
    }
}
