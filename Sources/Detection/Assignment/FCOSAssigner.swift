// FCOS: Fully Convolutional One-Stage Object Detection, Tian et al., ICCV 2019, section 3, and
// centre sampling of its journal version (TPAMI 2021), as mmdetection 3.3 has them.

/// Which points of a grid belong to which object.
///
/// The point of a cell is its middle. It is positive for an object that it lies in, if the
/// farthest edge of the object is within the range of the level; of several such objects the one
/// of smallest area (of two equal ones the first) takes it.
public struct FCOSAssigner: Sendable, Hashable {
    /// Which points of an object count as inside.
    public enum Region: Sendable, Hashable {
        /// All points strictly inside the box.
        case box
        /// Points in a square around the centre, clipped to the box; the radius is in strides.
        case center(radius: Float)
    }

    /// Least and largest distance to the farthest edge, in pixels, for each level.
    var ranges: [ClosedRange<Float>]
    /// Which points count as inside.
    var region: Region

    /// Matches the points of one image with its objects.
    ///
    /// - Parameters:
    ///   - grid: The cells; as many levels as there are ranges.
    ///   - targets: The image's objects.
    /// - Returns: For each cell 0 for background or the object's index plus one.
    func assign(_ grid: LevelGrid, to targets: DetectionTargets) -> [Int32] {
        var owners = PointOwners(count: grid.cellCount)
        for (object, box) in targets.boxes.enumerated() where box.isFinite {
            for (level, range) in zip(grid.levels, ranges) {
                offer(level, range, to: object, box, &owners)
            }
        }
        return owners.matches
    }

    /// Gives an object the points of a level that it may have.
    private func offer(
        _ level: LevelGrid.Level, _ range: ClosedRange<Float>, to object: Int, _ box: Box,
        _ owners: inout PointOwners
    ) {
        let inside = insideRegion(of: box, stride: level.stride)
        let columns = Self.cells(inside.x1, inside.x2, level.stride, level.width)
        for row in Self.cells(inside.y1, inside.y2, level.stride, level.height) {
            let y = Self.position(row, level.stride)
            guard y > inside.y1, y < inside.y2 else { continue }
            let farthestVertically = max(y - box.y1, box.y2 - y)
            for column in columns {
                let x = Self.position(column, level.stride)
                guard x > inside.x1, x < inside.x2 else { continue }
                let farthest = max(max(x - box.x1, box.x2 - x), farthestVertically)
                guard range.contains(farthest) else { continue }
                owners.offer(
                    level.firstCell + row * level.width + column, to: object, area: box.area)
            }
        }
    }

    /// The middle of a cell along one axis, in pixels.
    @inline(__always)
    static func position(_ cell: Int, _ stride: Int) -> Float {
        (Float(cell) + 0.5) * Float(stride)
    }

    private func insideRegion(of box: Box, stride: Int) -> Box {
        guard case .center(let radius) = region else { return box }
        let reach = radius * Float(stride)
        return Box(
            x1: max(box.centerX - reach, box.x1), y1: max(box.centerY - reach, box.y1),
            x2: min(box.centerX + reach, box.x2), y2: min(box.centerY + reach, box.y2))
    }

    /// The cells whose middle can lie between two coordinates, one more on either side.
    private static func cells(_ lower: Float, _ upper: Float, _ stride: Int, _ count: Int)
        -> Range<Int>
    {
        let limit = Float(count)
        let first = min(max(lower / Float(stride) - 1, 0), limit)
        let last = min(max(upper / Float(stride) + 1, 0), limit)
        return Int(first)..<max(Int(first), Int(last.rounded(.up)))
    }
}

/// Which object every point belongs to so far.
private struct PointOwners {
    private(set) var matches: [Int32]
    private var smallestArea: [Float]

    init(count: Int) {
        matches = [Int32](repeating: Match.background, count: count)
        smallestArea = [Float](repeating: .infinity, count: count)
    }

    /// Gives a point to an object unless one of at most its area has it.
    mutating func offer(_ cell: Int, to object: Int, area: Float) {
        guard area < smallestArea[cell] else { return }
        smallestArea[cell] = area
        matches[cell] = Int32(object + 1)
    }
}
