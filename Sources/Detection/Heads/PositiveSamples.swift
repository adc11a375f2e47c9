import Parallelism
import Tensors

/// Where a matched prior stands in the maps of a head, and its object.
struct PositiveSample: Sendable {
    /// Index of the level.
    var level: Int
    /// Row of the level's maps when they are read as `[N * H * W * A, ...]`.
    var row: Int
    /// Number of the prior inside its level and image.
    var prior: Int
    /// The object's box.
    var target: Box
}

/// What the maps of a batch are compared with.
struct DenseTargets: Sendable {
    /// For each level one label a row: the class, the number of classes for background, or
    /// `ClassificationRows.noPart`.
    private(set) var labels: [[Int32]]
    /// All matched priors, level by level.
    private(set) var positives: [PositiveSample] = []
    /// Sum over images of the number of positives, at least 1 for each image.
    private(set) var positiveCountByImage = 0

    /// Matches the priors of all images, side by side, and collects what was matched.
    ///
    /// - Parameters:
    ///   - targets: The images' objects; labels that are no class take no part.
    ///   - grid: The cells.
    ///   - priorsPerCell: Anchors of a cell.
    ///   - classCount: Number of classes.
    ///   - match: For each prior of an image a number as in `Match`.
    init(
        _ targets: [DetectionTargets], grid: LevelGrid, priorsPerCell: Int, classCount: Int,
        match: (DetectionTargets) -> [Int32]
    ) {
        var matches = [[Int32]](repeating: [], count: targets.count)
        matches.withUnsafeMutableBufferPointer { matches in
            parallelFor(targets.count) { matches[$0] = match(targets[$0]) }
        }
        labels = grid.levels.map {
            [Int32](
                repeating: Int32(classCount), count: targets.count * $0.count * priorsPerCell)
        }
        var counts = [Int](repeating: 0, count: targets.count)
        for (number, level) in grid.levels.enumerated() {
            let priors = level.firstCell * priorsPerCell
            for image in targets.indices {
                counts[image] += collect(
                    matches[image][priors..<priors + level.count * priorsPerCell],
                    targets[image], level: number, firstRow: image * level.count * priorsPerCell,
                    classes: 0..<classCount)
            }
        }
        positiveCountByImage = counts.reduce(0) { $0 + max($1, 1) }
    }

    /// Collects the matches of one level and image.
    ///
    /// - Returns: The number of positives.
    private mutating func collect(
        _ matches: ArraySlice<Int32>, _ targets: DetectionTargets, level: Int, firstRow: Int,
        classes: Range<Int>
    ) -> Int {
        let before = positives.count
        for (prior, match) in matches.enumerated() where match != Match.background {
            let (row, object) = (firstRow + prior, Int(match) - 1)
            guard object >= 0, classes.contains(targets.labels[object]) else {
                labels[level][row] = ClassificationRows.noPart
                continue
            }
            labels[level][row] = Int32(targets.labels[object])
            positives.append(
                PositiveSample(
                    level: level, row: row, prior: prior, target: targets.boxes[object]))
        }
        return positives.count - before
    }
}

/// Rows of the maps of all levels, picked and put below each other.
///
/// `y[p] = x[level[p]][row[p]]`; the gradient goes back to the picked rows and is 0 elsewhere.
enum GatheredRows {
    /// Picks the rows of samples.
    ///
    /// - Parameters:
    ///   - maps: One a level, read as rows of `width`.
    ///   - samples: Which rows; no row twice.
    ///   - width: Length of a row.
    /// - Returns: `[P, width]`.
    static func gather(_ maps: [Tensor], _ samples: [PositiveSample], width: Int) -> Tensor {
        let rows = Tensor(shape: [samples.count, width]) { y in
            for (index, sample) in samples.enumerated() {
                maps[sample.level].withElements { x in
                    (y + index * width).update(from: x + sample.row * width, count: width)
                }
            }
        }
        return rows.recorded(from: maps) {
            let shapes = maps.map(\.shape)
            return { dy, needs in
                let gradients = scatter(dy, samples, width: width, into: shapes)
                return zip(gradients, needs).map { $1 ? $0 : nil }
            }
        }
    }

    private static func scatter(
        _ dy: Tensor, _ samples: [PositiveSample], width: Int, into shapes: [Shape]
    ) -> [Tensor] {
        let gradients = shapes.map { Tensor(shape: $0, repeating: 0) }
        dy.withElements { dy in
            for (index, sample) in samples.enumerated() {
                let target = gradients[sample.level].storage.pointer + sample.row * width
                target.update(from: dy + index * width, count: width)
            }
        }
        return gradients
    }
}
