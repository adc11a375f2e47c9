import Annotations

/// The order of ids in an evaluation: numbers by value, then texts by code point.
enum IdentifierOrder {
    /// Whether one id comes before another.
    static func precedes(_ left: COCOIdentifier, _ right: COCOIdentifier) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left < right
        case (.bigNumber(let left), .bigNumber(let right)): BigKey(left) < BigKey(right)
        case (.number, .bigNumber(let right)): !BigKey(right).isNegative
        case (.bigNumber(let left), .number): BigKey(left).isNegative
        case (.text(let left), .text(let right)):
            left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
        case (.text, _): false
        case (_, .text): true
        }
    }

    /// Ids in order, each once.
    static func sortedUnique(_ ids: [COCOIdentifier]) -> [COCOIdentifier] {
        Set(ids).sorted(by: precedes)
    }

    /// A number beyond 64 bits, compared by sign, length and digits.
    private struct BigKey: Comparable {
        let isNegative: Bool
        private let digits: Substring

        init(_ text: String) {
            isNegative = text.hasPrefix("-")
            digits = text.drop { $0 == "-" || $0 == "+" || $0 == "0" }
        }

        static func < (left: BigKey, right: BigKey) -> Bool {
            if left.isNegative != right.isNegative { return left.isNegative }
            let isSmaller =
                (left.digits.utf8.count, String(left.digits))
                < (right.digits.utf8.count, String(right.digits))
            return left.isNegative ? !isSmaller && left.digits != right.digits : isSmaller
        }
    }
}

extension COCOIdentifier {
    /// The id as messages show it, texts in quotation marks.
    var shown: String {
        switch self {
        case .number(let value): String(value)
        case .bigNumber(let digits): digits
        case .text(let text): "\"\(text)\""
        }
    }
}
