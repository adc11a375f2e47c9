/// COCO's compressed text of run lengths.
///
/// A run (from the fourth on, its difference to the run two before) is written in groups of five
/// bits, lowest first, as characters from code 48 on; the sixth bit says that more follow, and the
/// highest bit of the last group is the sign.
public enum RunLengthText {
    private static let firstCode = 48
    private static let lastCode = 111
    /// Seven groups hold 35 bits, more than any difference of 32-bit runs needs.
    private static let mostGroups = 7

    /// Reads run lengths into an array that the caller may use again.
    ///
    /// - Parameters:
    ///   - text: The compressed text.
    ///   - counts: Gets the run lengths; what it held before is removed.
    /// - Throws: `RunLengthError` for a character outside the alphabet, a text that is cut off,
    ///   or a run below 0 or beyond 32 bits.
    public static func decode(
        _ text: String, into counts: inout [UInt32]
    ) throws(RunLengthError) {
        var contiguous = text
        let problem = contiguous.withUTF8 { decode($0, into: &counts) }
        if let problem {
            throw RunLengthError(
                what: "the compressed run lengths are broken: " + problem,
                fix: "write them with pycocotools' encode, or as a list of numbers")
        }
    }

    /// Appends the runs and gives the reason why a text is broken, or `nil`.
    private static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, into counts: inout [UInt32]
    ) -> String? {
        counts.removeAll(keepingCapacity: true)
        var position = 0
        while position < bytes.count {
            var value = 0
            var group = 0
            var bits: Int
            repeat {
                guard position < bytes.count else { return "the text is cut off" }
                let code = Int(bytes[position])
                guard code >= firstCode, code <= lastCode else {
                    return "character \(position) is not of their alphabet"
                }
                guard group < mostGroups else { return "a run is longer than 32 bits" }
                bits = code - firstCode
                value |= (bits & 31) << (5 * group)
                position += 1
                group += 1
            } while bits & 32 != 0
            if bits & 16 != 0 { value |= -1 << (5 * group) }
            if counts.count > 2 { value += Int(counts[counts.count - 2]) }
            guard let count = UInt32(exactly: value) else {
                return "run \(counts.count) would be \(value) pixels long"
            }
            counts.append(count)
        }
        return nil
    }

    /// Writes run lengths as compressed text.
    ///
    /// - Parameter counts: Runs of 0 and 1 in turn.
    /// - Returns: The text, without escapes.
    public static func encode(_ counts: [UInt32]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(counts.count * 2)
        for (index, count) in counts.enumerated() {
            var value = Int(count)
            if index > 2 { value -= Int(counts[index - 2]) }
            var more = true
            while more {
                var bits = value & 31
                value >>= 5
                more = bits & 16 != 0 ? value != -1 : value != 0
                if more { bits |= 32 }
                bytes.append(UInt8(bits + firstCode))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension RunLengthMask {
    /// Makes a mask from compressed run lengths.
    ///
    /// - Parameters:
    ///   - height: Height in pixels.
    ///   - width: Width in pixels.
    ///   - text: The compressed text.
    /// - Throws: `RunLengthError` if the text is broken or its runs do not add up to the pixels.
    public init(height: Int, width: Int, text: String) throws(RunLengthError) {
        var counts: [UInt32] = []
        try RunLengthText.decode(text, into: &counts)
        try self.init(height: height, width: width, counts: counts)
    }

    /// The compressed text of this mask.
    public var text: String { RunLengthText.encode(counts) }
}
