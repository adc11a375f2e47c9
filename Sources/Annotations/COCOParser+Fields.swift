import JSONText

/// The known keys that an object has had so far, by number.
struct SeenKeys {
    private var bits: UInt32 = 0

    /// Notes a key; equal keys in one object are refused.
    mutating func insert(
        _ number: UInt32, _ key: JSONKey, _ scanner: JSONScanner
    ) throws(JSONError) {
        guard bits & (1 << number) == 0 else {
            throw scanner.failure(
                "the key \"\(key.text)\" stands twice in one object", at: key.offset,
                fix: "remove one of them")
        }
        bits |= 1 << number
    }

    /// Whether a key has been met.
    func has(_ number: UInt32) -> Bool { bits & (1 << number) != 0 }
}

extension COCOParser {
    /// An id: an integer of any size, or a text.
    mutating func identifier() throws(JSONError) -> COCOIdentifier {
        let kind = try scanner.peek()
        let start = scanner.offset
        switch kind {
        case .string: return .text(try scanner.readString())
        case .number:
            switch try scanner.readNumber() {
            case .integer(let value): return .number(value)
            case .bigInteger(let digits): return .bigNumber(digits)
            case .double(let value):
                throw scanner.failure(
                    "expected an integer or a text as id, found \(value)", at: start,
                    fix: "write the id without a decimal point")
            }
        default:
            throw scanner.failure(
                "expected an integer or a text as id, found \(kind.rawValue)", at: start,
                fix: "write the id of the entry that is meant")
        }
    }

    /// A width or height in whole pixels.
    mutating func length() throws(JSONError) -> Int {
        scanner.skipWhitespace()
        let start = scanner.offset
        let value = try scanner.readDouble()
        guard let pixels = Int(exactly: value), (0...1 << 30).contains(pixels) else {
            throw scanner.failure(
                "\(value) is no size in pixels", at: start, fix: "write a whole number of pixels")
        }
        return pixels
    }

    /// A box of four numbers; `nil` for `null` or an empty list.
    mutating func box() throws(JSONError) -> BoxXYWH? {
        try optional { parser throws(JSONError) in
            let start = parser.scanner.offset
            let numbers = try parser.scanner.readDoubles()
            guard !numbers.isEmpty else { return nil }
            guard numbers.count == 4 else {
                throw parser.scanner.failure(
                    "\"bbox\" has \(numbers.count) numbers", at: start,
                    fix: "write left, top, width and height in pixels")
            }
            return BoxXYWH(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
        } ?? nil
    }

    /// `iscrowd`: 0, 1 or a Boolean; `nil` for `null`.
    mutating func crowdFlag() throws(JSONError) -> Bool? {
        try optional { parser throws(JSONError) in
            if try parser.scanner.peek() == .boolean { return try parser.scanner.readBoolean() }
            let start = parser.scanner.offset
            let value = try parser.scanner.readDouble()
            guard value == 0 || value == 1 else {
                throw parser.scanner.failure(
                    "\"iscrowd\" is \(value)", at: start, fix: "write 0 or 1")
            }
            return value == 1
        }
    }

    /// Reads what `null` may stand for.
    mutating func optional<Value>(
        _ read: (inout COCOParser) throws(JSONError) -> Value
    ) throws(JSONError) -> Value? {
        guard try scanner.peek() == .null else { return try read(&self) }
        try scanner.readNull()
        return nil
    }

    // MARK: - Outlines

    /// Reads a segmentation of any of the three forms into `result`.
    ///
    /// Polygons that are not kept are counted without converting their numbers.
    mutating func segmentation(_ result: inout COCOSegmentation?) throws(JSONError) -> COCOOutline {
        let kind = try scanner.peek()
        switch kind {
        case .null:
            try scanner.readNull()
            return .absent
        case .object:
            result = try runLengths()
            return .usable
        case .array where segmentations == .drop:
            return COCOOutline(
                coordinateCounts: try polygons { scanner throws(JSONError) in
                    try scanner.skipNumbers()
                })
        case .array:
            let polygons = try polygons { scanner throws(JSONError) in try scanner.readDoubles() }
            result = .polygons(polygons)
            return COCOOutline(coordinateCounts: polygons.map(\.count))
        default:
            throw scanner.failure(
                "expected polygons or run lengths, found \(kind.rawValue)",
                fix: "write [[x, y, x, y, ...]], or {\"size\": [height, width], \"counts\": ...}")
        }
    }

    private mutating func polygons<Polygon>(
        _ read: (inout JSONScanner) throws(JSONError) -> Polygon
    ) throws(JSONError) -> [Polygon] {
        var polygons: [Polygon] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .array else {
                throw scanner.failure(
                    "a segmentation holds numbers instead of polygons",
                    fix: "put each polygon into a list of its own: [[x, y, x, y, ...]]")
            }
            polygons.append(try read(&scanner))
        }
        return polygons
    }

    private mutating func runLengths() throws(JSONError) -> COCOSegmentation {
        let start = scanner.offset
        var size: [Int]?
        var runs: [UInt32]?
        var text: String?
        var seen = SeenKeys()
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "size":
                try seen.insert(0, key, scanner)
                size = try sizes()
            case "counts":
                try seen.insert(1, key, scanner)
                if try scanner.peek() == .string {
                    text = try scanner.readString()
                } else {
                    runs = try counts()
                }
            default: try scanner.skipValue()
            }
        }
        if let size, size.count == 2 {
            if let text { return .compressed(height: size[0], width: size[1], counts: text) }
            if let runs { return .runLengths(height: size[0], width: size[1], counts: runs) }
        }
        throw scanner.failure(
            "run lengths need \"size\" with two numbers and \"counts\"", at: start,
            fix: "write {\"size\": [height, width], \"counts\": ...}")
    }

    private mutating func sizes() throws(JSONError) -> [Int] {
        var sizes: [Int] = []
        try scanner.beginArray()
        while try scanner.nextElement() { sizes.append(try length()) }
        return sizes
    }

    private mutating func counts() throws(JSONError) -> [UInt32] {
        var counts: [UInt32] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            scanner.skipWhitespace()
            let start = scanner.offset
            guard let count = UInt32(exactly: try scanner.readInteger()) else {
                throw scanner.failure(
                    "a run length is negative or beyond 32 bits", at: start,
                    fix: "write the lengths of the runs in pixels")
            }
            counts.append(count)
        }
        return counts
    }
}

extension COCOSegmentation {
    /// The smallest box around polygons; `nil` without a point, or for run lengths.
    var polygonBounds: BoxXYWH? {
        guard case .polygons(let polygons) = self else { return nil }
        let xs = polygons.flatMap { polygon in
            stride(from: 0, to: polygon.count - 1, by: 2).map { polygon[$0] }
        }
        let ys = polygons.flatMap { polygon in
            stride(from: 1, to: polygon.count, by: 2).map { polygon[$0] }
        }
        guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max()
        else { return nil }
        return BoxXYWH(x: left, y: top, width: right - left, height: bottom - top)
    }
}
