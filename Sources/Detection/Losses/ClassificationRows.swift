import Parallelism
import Tensors

/// Value and derivative of one entry of a loss.
struct EntryTerm {
    var value: Float
    var derivative: Float
}

/// The entry of a row's own class in a loss whose other entries are all background.
protocol PositiveEntry {
    /// Value and derivative at the logit.
    func term(_ logit: Float, row: Int) -> EntryTerm
}

/// A loss over rows of class logits, in which all but at most one entry a row are background.
///
/// Value and gradient come out of one pass over the logits, in blocks of rows that depend on the
/// shape alone, so that the sum has the same bits on any number of threads.
struct ClassificationRows {
    /// The label of a row that takes no part.
    static let noPart: Int32 = -1
    /// A logit at which a background entry has neither value nor derivative.
    private static let hidden: Float = -1e4
    /// Entries of a block: they stay in the first-level cache.
    private static let blockEntries = 4096

    /// Length of a row.
    let classes: Int
    /// One a row: the class, `classes` or more for background, negative for no part.
    let labels: [Int32]
    /// One a row; 1 when absent.
    let weights: [Float]?
    /// Exponent of the modulating factor of background entries.
    let gamma: Float
    /// Weight of the whole.
    let scale: Float

    /// The loss with its gradient.
    ///
    /// - Parameters:
    ///   - logits: `[labels.count * classes]` elements.
    ///   - negativeWeight: Weight of background entries.
    ///   - positive: The entries of the rows' classes.
    /// - Returns: A scalar, recorded on the tape if one runs.
    func loss(
        _ logits: Tensor, negativeWeight: Float, positive: some PositiveEntry
    ) -> Tensor {
        precondition(logits.count == labels.count * classes, "one label a row is needed")
        let blockRows = max(1, Self.blockEntries / max(classes, 1))
        var sums = [Double](repeating: 0, count: (labels.count + blockRows - 1) / blockRows)
        let gradient = Tensor(shape: logits.shape) { dx in
            logits.withElements { x in
                sums.withUnsafeMutableBufferPointer { sums in
                    parallelBlocks(labels.count, block: blockRows) { rows in
                        sums[rows.lowerBound / blockRows] = block(
                            rows, x, dx, negativeWeight * scale, positive)
                    }
                }
            }
        }
        return .loss(sums.reduce(0, +), gradient: gradient, of: logits)
    }

    private func weight(_ row: Int) -> Float {
        labels[row] < 0 ? 0 : (weights.map { $0[row] } ?? 1)
    }

    /// The sum over a block of rows; their gradient is written.
    private func block(
        _ rows: Range<Int>, _ x: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
        _ negativeScale: Float, _ positive: some PositiveEntry
    ) -> Double {
        let start = rows.lowerBound * classes
        (dx + start).update(from: x + start, count: rows.count * classes)
        var positives: [Int] = []
        for row in rows where labels[row] >= 0 && labels[row] < classes {
            positives.append(row)
            dx[row * classes + Int(labels[row])] = Self.hidden
        }
        var total = background(rows, dx, negativeScale)
        for row in positives {
            let entry = row * classes + Int(labels[row])
            let factor = scale * weight(row)
            let term = positive.term(x[entry], row: row)
            // A weight of 0 hides even a row whose loss is infinite.
            total += factor == 0 ? 0 : Double(term.value * factor)
            dx[entry] = factor == 0 ? 0 : term.derivative * factor
        }
        return total
    }

    /// The sum over the background entries, run by run of rows of equal weight.
    private func background(
        _ rows: Range<Int>, _ dx: UnsafeMutablePointer<Float>, _ negativeScale: Float
    ) -> Double {
        let lanes = FocalLanes(gamma: gamma)
        var total = 0.0
        var first = rows.lowerBound
        while first < rows.upperBound {
            let runWeight = weight(first)
            var end = first + 1
            while end < rows.upperBound, weight(end) == runWeight { end += 1 }
            let entries = dx + first * classes
            let count = (end - first) * classes
            if runWeight == 0 {
                entries.update(repeating: 0, count: count)
            } else {
                total += lanes.replaceByDerivatives(
                    entries, count, factor: negativeScale * runWeight)
            }
            first = end
        }
        return total
    }
}
