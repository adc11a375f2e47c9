import JSONText

/// A mask as lengths of runs, read column by column, beginning with a run of zeros.
///
/// Pixel (x, y) has the index `x * height + y`; `counts` alternates runs of 0 and of 1. The first
/// run may be empty. These are the run lengths of COCO's mask files; all results equal those of
/// pycocotools 2.0.11.
public struct RunLengthMask: Hashable, Sendable {
    /// Height in pixels.
    public let height: Int
    /// Width in pixels.
    public let width: Int
    /// Lengths of the runs of 0 and 1 in turn.
    public let counts: [UInt32]

    /// Makes a mask from run lengths that are known to fill it.
    init(trustedHeight height: Int, width: Int, counts: [UInt32]) {
        self.height = height
        self.width = width
        self.counts = counts
    }

    /// Makes a mask from run lengths.
    ///
    /// - Parameters:
    ///   - height: Height in pixels.
    ///   - width: Width in pixels.
    ///   - counts: Runs of 0 and 1 in turn, beginning with 0.
    /// - Throws: `RunLengthError` if there is no run or the runs do not add up to the pixels.
    public init(height: Int, width: Int, counts: [UInt32]) throws(RunLengthError) {
        let pixels = try Self.pixelCount(height: height, width: width)
        try Self.check(counts, fill: pixels)
        self.init(trustedHeight: height, width: width, counts: counts)
    }

    /// Makes a mask from pixels in row-major order; anything but 0 is inside.
    ///
    /// - Parameters:
    ///   - pixels: `height * width` values.
    ///   - height: Height in pixels.
    ///   - width: Width in pixels.
    /// - Throws: `RunLengthError` if the number of pixels is another.
    public init(pixels: [UInt8], height: Int, width: Int) throws(RunLengthError) {
        guard try Self.pixelCount(height: height, width: width) == pixels.count else {
            throw RunLengthError(
                what: "\(pixels.count) pixels do not fill a mask of \(height) x \(width)",
                fix: "give height times width pixels")
        }
        var counts: [UInt32] = []
        var length: UInt32 = 0
        var inside = false
        for x in 0..<width {
            for y in 0..<height {
                if (pixels[y * width + x] != 0) != inside {
                    counts.append(length)
                    length = 0
                    inside.toggle()
                }
                length += 1
            }
        }
        self.init(trustedHeight: height, width: width, counts: counts + [length])
    }

    /// The pixels in row-major order, 1 inside and 0 outside.
    public var pixels: [UInt8] {
        var result = [UInt8](repeating: 0, count: height * width)
        forEachRun { start, end in
            var (x, y) = start.quotientAndRemainder(dividingBy: height)
            for _ in start..<end {
                result[y * width + x] = 1
                y += 1
                if y == height {
                    y = 0
                    x += 1
                }
            }
        }
        return result
    }

    /// The number of pixels inside.
    public var area: Int {
        var sum = 0
        forEachRun { sum += $1 - $0 }
        return sum
    }

    /// The smallest box in COCO's reading: a run over two columns counts as full height.
    ///
    /// A mask without a pixel has the box of four zeros.
    public var box: BoxXYWH {
        var bounds = RunLengthBounds(height: height)
        forEachRun { bounds.add(start: $0, end: $1) }
        return bounds.box
    }

    /// Calls `body` with start and end (exclusive) of each run of ones that is not empty.
    func forEachRun(_ body: (_ start: Int, _ end: Int) -> Void) {
        var position = 0
        for (index, count) in counts.enumerated() {
            if index % 2 == 1, count > 0 { body(position, position + Int(count)) }
            position += Int(count)
        }
    }

    /// The number of pixels of a mask, bounded by what 32-bit run lengths can hold.
    static func pixelCount(height: Int, width: Int) throws(RunLengthError) -> Int {
        let (pixels, overflow) = height.multipliedReportingOverflow(by: width)
        guard height >= 0, width >= 0, !overflow, pixels <= Int(UInt32.max) else {
            throw RunLengthError(
                what: "a mask cannot have the size \(height) x \(width)",
                fix: "write the image's height and width under \"size\"")
        }
        return pixels
    }

    /// Checks that runs add up to the pixels of a mask.
    static func check(_ counts: [UInt32], fill pixels: Int) throws(RunLengthError) {
        guard !counts.isEmpty else {
            throw RunLengthError(
                what: "the run lengths are empty", fix: "write [height * width] for an empty mask")
        }
        var sum = 0
        for count in counts { sum += Int(count) }
        guard sum == pixels else {
            throw RunLengthError(
                what: "the run lengths add up to \(sum), the mask has \(pixels) pixels",
                fix: "check \"size\" ([height, width]) and that the runs are not cut off")
        }
    }
}

/// Collects the box of runs of ones, as pycocotools 2.0.11 does.
public struct RunLengthBounds: Sendable {
    private let height: Int
    private var left = Int.max
    private var top = Int.max
    private var right = -1
    private var bottom = -1

    /// Begins without a run.
    ///
    /// - Parameter height: Height of the mask in pixels.
    public init(height: Int) {
        self.height = height
    }

    /// Takes a run of ones from `start` to `end` (exclusive) in column order.
    ///
    /// - Parameters:
    ///   - start: First pixel.
    ///   - end: One beyond the last pixel.
    public mutating func add(start: Int, end: Int) {
        guard end > start, height > 0 else { return }
        let (firstColumn, firstRow) = start.quotientAndRemainder(dividingBy: height)
        let (lastColumn, lastRow) = (end - 1).quotientAndRemainder(dividingBy: height)
        left = min(left, firstColumn)
        right = max(right, lastColumn)
        let crosses = firstColumn != lastColumn
        top = min(top, crosses ? 0 : firstRow)
        bottom = max(bottom, crosses ? height - 1 : lastRow)
    }

    /// The box of all runs taken, four zeros if there were none.
    public var box: BoxXYWH {
        guard right >= 0 else { return BoxXYWH(x: 0, y: 0, width: 0, height: 0) }
        return BoxXYWH(
            x: Double(left), y: Double(top), width: Double(right - left + 1),
            height: Double(bottom - top + 1))
    }
}

/// Run lengths or polygons that cannot be a mask.
public struct RunLengthError: DescribedError, Equatable {
    /// What went wrong.
    public let what: String
    /// Empty: the caller knows the file and the object.
    public let place: String
    /// What the user can do.
    public let fix: String

    /// Makes an error without a place.
    ///
    /// - Parameters:
    ///   - what: What went wrong.
    ///   - fix: What the user can do.
    public init(what: String, fix: String) {
        self.what = what
        self.place = ""
        self.fix = fix
    }
}
