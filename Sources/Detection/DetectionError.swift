/// A neck or head that cannot be built as configured.
public struct DetectionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, one sentence without a full stop.
    public let what: String
    /// The configuration's field, as a JSON path inside the neck or head.
    public let place: String
    /// What to change.
    public let fix: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - what: What is wrong.
    ///   - place: The field.
    ///   - fix: What to change.
    public init(what: String, place: String, fix: String) {
        self.what = what
        self.place = place
        self.fix = fix
    }

    /// The three lines that a command prints.
    public var description: String { "error: \(what)\n  in \(place)\n  fix: \(fix)" }
}

/// Checks of configuration fields, each a sentence on what is expected.
enum Check {
    /// A count that memory can hold: 1 to a bound.
    static func positive(
        _ value: Int, atMost bound: Int = 65_536, _ place: String
    ) throws(DetectionError) {
        guard (1...bound).contains(value) else {
            throw DetectionError(
                what: "\(value) is out of range", place: place,
                fix: "give a number from 1 to \(bound)")
        }
    }

    static func range(
        _ value: Float, _ range: ClosedRange<Float>, _ place: String
    ) throws(DetectionError) {
        guard range.contains(value) else {
            throw DetectionError(
                what: "\(value) is out of range", place: place,
                fix: "give a number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    static func notNegative(_ value: Float, _ place: String) throws(DetectionError) {
        guard value >= 0, value.isFinite else {
            throw DetectionError(
                what: "\(value) is not a finite number of at least 0", place: place,
                fix: "give 0 or more")
        }
    }

    static func count(_ actual: Int, _ expected: Int, _ place: String) throws(DetectionError) {
        guard actual == expected else {
            throw DetectionError(
                what: "\(actual) entries where \(expected) belong", place: place,
                fix: "give \(expected) entries")
        }
    }
}
