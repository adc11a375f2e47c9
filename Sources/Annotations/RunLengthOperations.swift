/// A place in a list of run lengths: how much of the present run is left, and its value.
private struct RunCursor {
    private let counts: [UInt32]
    private var next = 1
    private(set) var left: UInt32
    private(set) var inside = false

    init(_ counts: [UInt32]) {
        self.counts = counts
        left = counts.first ?? 0
    }

    /// Goes on by `length`, entering the next run (even an empty one) when this one is used up.
    mutating func advance(by length: UInt32) {
        left -= length
        guard left == 0, next < counts.count else { return }
        left = counts[next]
        next += 1
        inside.toggle()
    }
}

extension RunLengthMask {
    /// The mask of all pixels that lie in at least one of several masks.
    ///
    /// - Parameter masks: Masks of one size; one alone is returned as it is.
    /// - Returns: Their union; an empty mask of size 0 x 0 if the sizes differ or there is none.
    public static func union(_ masks: [RunLengthMask]) -> RunLengthMask {
        combine(masks) { $0 || $1 }
    }

    /// The mask of all pixels that lie in every one of several masks.
    ///
    /// - Parameter masks: Masks of one size; one alone is returned as it is.
    /// - Returns: Their intersection; an empty mask of size 0 x 0 if the sizes differ or there is
    ///   none.
    public static func intersection(_ masks: [RunLengthMask]) -> RunLengthMask {
        combine(masks) { $0 && $1 }
    }

    private static func combine(
        _ masks: [RunLengthMask], _ rule: (Bool, Bool) -> Bool
    ) -> RunLengthMask {
        guard var result = masks.first else {
            return RunLengthMask(trustedHeight: 0, width: 0, counts: [])
        }
        for mask in masks.dropFirst() {
            guard mask.height == result.height, mask.width == result.width else {
                return RunLengthMask(trustedHeight: 0, width: 0, counts: [])
            }
            result = RunLengthMask(
                trustedHeight: result.height, width: result.width,
                counts: combined(result.counts, mask.counts, rule))
        }
        return result
    }

    private static func combined(
        _ first: [UInt32], _ second: [UInt32], _ rule: (Bool, Bool) -> Bool
    ) -> [UInt32] {
        var a = RunCursor(first)
        var b = RunCursor(second)
        var counts: [UInt32] = []
        var length: UInt32 = 0
        var value = false
        repeat {
            let step = min(a.left, b.left)
            length += step
            a.advance(by: step)
            b.advance(by: step)
            let isLast = a.left == 0 && b.left == 0
            let next = rule(a.inside, b.inside)
            if next != value || isLast {
                counts.append(length)
                length = 0
            }
            value = next
            if isLast { break }
        } while true
        return counts
    }

    /// Pixels in both and in either of two masks, found by walking both run lists.
    ///
    /// The walk ends as soon as both present runs are used up. Where both masks have an empty run
    /// at the same pixel it thus ends early, as the reference's does.
    struct Overlap: Equatable {
        var both = 0
        var either = 0

        init(_ first: [UInt32], _ second: [UInt32]) {
            var a = RunCursor(first)
            var b = RunCursor(second)
            repeat {
                let step = min(a.left, b.left)
                if a.inside || b.inside { either += Int(step) }
                if a.inside && b.inside { both += Int(step) }
                a.advance(by: step)
                b.advance(by: step)
            } while a.left != 0 || b.left != 0
        }
    }

    /// The intersection over union with another mask.
    ///
    /// - Parameters:
    ///   - truth: The mask to compare with.
    ///   - isCrowd: Whether `truth` is a crowd: then the union is this mask alone.
    /// - Returns: 0 to 1, or -1 for overlapping masks of different sizes.
    public func overlap(with truth: RunLengthMask, isCrowd: Bool = false) -> Double {
        guard box.overlap(with: truth.box, isCrowd: isCrowd) > 0 else { return 0 }
        guard height == truth.height, width == truth.width else { return -1 }
        let overlap = Overlap(counts, truth.counts)
        guard overlap.both > 0 else { return 0 }
        return Double(overlap.both) / Double(isCrowd ? area : overlap.either)
    }
}

extension BoxXYWH {
    /// Width times height in square pixels.
    public var area: Double { width * height }

    /// The intersection over union with another box; boxes that only touch have 0.
    ///
    /// - Parameters:
    ///   - truth: The box to compare with.
    ///   - isCrowd: Whether `truth` is a crowd: then the union is this box alone.
    /// - Returns: 0 to 1.
    @inlinable
    public func overlap(with truth: BoxXYWH, isCrowd: Bool = false) -> Double {
        let sharedWidth = min(x + width, truth.x + truth.width) - max(x, truth.x)
        guard sharedWidth > 0 else { return 0 }
        let sharedHeight = min(y + height, truth.y + truth.height) - max(y, truth.y)
        guard sharedHeight > 0 else { return 0 }
        let shared = sharedWidth * sharedHeight
        let own = width * height
        return shared / (isCrowd ? own : own + truth.width * truth.height - shared)
    }
}
