import Annotations

/// Masks as spans of pixels inside, all in one array, so that many cost few allocations.
struct MaskTable {
    /// A mask of the table.
    struct Entry {
        let height: Int
        let width: Int
        let area: Int
        let box: BoxXYWH
        /// Indices of its spans.
        let spans: Range<Int>
    }

    private(set) var entries: [Entry] = []
    /// Start and end (exclusive) of each span, in column order.
    private var spans: [(start: UInt32, end: UInt32)] = []
    /// The masks with an empty run between others, by entry.
    ///
    /// The reference walks over run lengths and stops early where two such runs meet; those few
    /// masks are walked likewise.
    private var oddMasks: [Int: RunLengthMask] = [:]

    /// Adds a mask.
    ///
    /// - Parameters:
    ///   - segmentation: The mask; `nil` for one without pixels.
    ///   - height: Height of its image in pixels.
    ///   - width: Width of its image in pixels.
    /// - Throws: `RunLengthError` if it cannot be a mask.
    mutating func append(
        _ segmentation: COCOSegmentation?, height: Int, width: Int
    ) throws(RunLengthError) {
        let mask = try (segmentation ?? .polygons([])).mask(height: height, width: width)
        let first = spans.count
        var bounds = RunLengthBounds(height: mask.height)
        var area = 0
        var position = 0
        for (index, count) in mask.counts.enumerated() {
            let end = position + Int(count)
            if index % 2 == 1, count > 0 {
                spans.append((UInt32(position), UInt32(end)))
                bounds.add(start: position, end: end)
                area += Int(count)
            }
            position = end
        }
        if mask.counts.dropFirst().contains(0) { oddMasks[entries.count] = mask }
        entries.append(
            Entry(
                height: mask.height, width: mask.width, area: area, box: bounds.box,
                spans: first..<spans.count))
    }

    /// Intersection over union of two masks of the table, by COCO's rules.
    ///
    /// - Parameters:
    ///   - detection: Entry of the detection.
    ///   - truth: Entry of the object.
    ///   - isCrowd: Whether the object is a crowd: then the union is the detection alone.
    /// - Returns: 0 to 1, or -1 for overlapping boxes of masks of different sizes.
    func overlap(_ detection: Int, _ truth: Int, isCrowd: Bool) -> Double {
        let first = entries[detection]
        let second = entries[truth]
        guard first.box.overlap(with: second.box, isCrowd: isCrowd) > 0 else { return 0 }
        guard first.height == second.height, first.width == second.width else { return -1 }
        if let firstMask = oddMasks[detection], let secondMask = oddMasks[truth] {
            return firstMask.overlap(with: secondMask, isCrowd: isCrowd)
        }
        let both = shared(first.spans, second.spans)
        guard both > 0 else { return 0 }
        return Double(both) / Double(isCrowd ? first.area : first.area + second.area - both)
    }

    /// Pixels that lie in spans of both ranges.
    private func shared(_ first: Range<Int>, _ second: Range<Int>) -> Int {
        spans.withUnsafeBufferPointer { spans in
            var a = first.lowerBound
            var b = second.lowerBound
            var sum = 0
            while a < first.upperBound, b < second.upperBound {
                let start = max(spans[a].start, spans[b].start)
                let end = min(spans[a].end, spans[b].end)
                if end > start { sum += Int(end - start) }
                if spans[a].end < spans[b].end { a += 1 } else { b += 1 }
            }
            return sum
        }
    }
}
