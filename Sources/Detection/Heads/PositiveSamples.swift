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

    /// Collects the matches of all images.
    ///
    /// - Parameters:
    ///   - matches: For each image and prior a number as in `Match`.
    ///   - targets: The images' objects.
    ///   - grid: The cells.
    ///   - priorsPerCell: Anchors of a cell.
    ///   - classCount: Number of classes; labels beyond it take no part.
    init(
        _ matches: [[Int32]], _ targets: [DetectionTargets], grid: LevelGrid, priorsPerCell: Int,
        classCount: Int
    ) {
        labels = []
        let classes = 0..<classCount
        var counts = [Int](repeating: 0, count: matches.count)
        for (number, level) in grid.levels.enumerated() {
            let count = level.count * priorsPerCell
            let first = level.firstCell * priorsPerCell
            var levelLabels = [Int32](
                repeating: Int32(classCount), count: count * matches.count)
            for (image, match) in matches.enumerated() {
                for prior in 0..<count where match[first + prior] != Match.background {
                    let row = image * count + prior
                    let object = Int(match[first + prior]) - 1
                    guard object >= 0, classes.contains(targets[image].labels[object]) else {
                        levelLabels[row] = ClassificationRows.noPart
                        continue
                    }
                    levelLabels[row] = Int32(targets[image].labels[object])
                    counts[image] += 1
                    positives.append(
                        PositiveSample(
                            level: number, row: row, prior: prior,
                            target: targets[image].boxes[object]))
                }
            }
            labels.append(levelLabels)
        }
        positiveCountByImage = counts.reduce(0) { $0 + max($1, 1) }
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
