import KernelInterface
import Parallelism

/// How the passes of BatchNorm over a map are cut, by its shape alone.
///
/// A map of few rows is cut into groups of channels: all rows of a group stay in the cache from the
/// first pass to the last, and one loop over the threads does everything. Other maps are cut into
/// blocks of rows, whose sums are joined in order in double precision.
struct BatchNormCut {
    /// Some rows and some channels of the map.
    struct Part {
        let rows: Range<Int>
        let channels: Range<Int>
        /// Floats of the map before the part.
        let offset: Int
        /// The part as kernels take it.
        let extent: MatrixPart

        init(_ map: RowExtent, rows: Range<Int>, channels: Range<Int>) {
            self.rows = rows
            self.channels = channels
            offset = rows.lowerBound * map.channels + channels.lowerBound
            extent = MatrixPart(
                rows: rows.count, columns: channels.count, stride: map.channels)
        }
    }

    /// What the two sums of a channel are, and so how those of blocks of rows are joined.
    enum Sums {
        /// The mean, and the sum of squares around it (Chan, Golub and LeVeque, 1983): a large mean
        /// costs no accuracy.
        case moments
        /// Two plain sums.
        case totals
    }

    private let map: RowExtent

    /// Channels of a group: two lines of memory a row.
    private static let groupWidth = 32
    /// Rows of which a group stays in the caches, even where rows lie a power of two apart.
    private static let mostRows = 256
    /// Elements of a map that is not worth cutting.
    private static let smallCount = 16384

    /// Makes the cut of a map `[rows, channels]`.
    init(_ map: RowExtent) { self.map = map }

    private var isCutByChannels: Bool {
        let isSmall = map.rows * map.channels <= Self.smallCount
        return (1...Self.mostRows).contains(map.rows)
            && (isSmall || map.channels >= 2 * Self.groupWidth)
    }

    /// Computes sums, something from the sums, and something from all of that.
    ///
    /// - Parameters:
    ///   - sums: How the sums of blocks of rows are joined.
    ///   - totals: Room for two rows of sums, each as long as a row of the map.
    ///   - add: Writes the two sums of a part to two rows that lie as far apart as those.
    ///   - finish: Computes what follows from the sums of some channels.
    ///   - apply: Computes what needs the whole sums of its channels.
    func run(
        _ sums: Sums, _ totals: UnsafeMutablePointer<Float>,
        add: (Part, UnsafeMutablePointer<Float>) -> Void, finish: (Range<Int>) -> Void,
        apply: (Part) -> Void
    ) {
        if isCutByChannels {
            runByChannels(totals, add: add, finish: finish, apply: apply)
            return
        }
        let blockRows = ChannelSums.blockRows(map)
        let blocks = (map.rows + blockRows - 1) / blockRows
        let all = 0..<map.channels
        let partial = Storage(count: blocks * 2 * map.channels)
        parallelFor(blocks) { block in
            let rows = block * blockRows..<min(map.rows, (block + 1) * blockRows)
            add(
                Part(map, rows: rows, channels: all),
                partial.pointer + block * 2 * map.channels)
        }
        join(sums, partial.pointer, blockRows: blockRows, into: totals)
        finish(all)
        Elements.forEachRowBlock(map) { apply(Part(map, rows: $0, channels: all)) }
    }

    private func runByChannels(
        _ totals: UnsafeMutablePointer<Float>,
        add: (Part, UnsafeMutablePointer<Float>) -> Void, finish: (Range<Int>) -> Void,
        apply: (Part) -> Void
    ) {
        let groups = max(1, map.channels / Self.groupWidth)
        parallelFor(groups) { group in
            let first = group * Self.groupWidth
            let end = group == groups - 1 ? map.channels : first + Self.groupWidth
            let part = Part(map, rows: 0..<map.rows, channels: first..<end)
            add(part, totals + first)
            finish(part.channels)
            apply(part)
        }
    }

    /// Joins the sums of all blocks of rows, in order.
    private func join(
        _ sums: Sums, _ partial: UnsafePointer<Float>, blockRows: Int,
        into totals: UnsafeMutablePointer<Float>
    ) {
        let count = map.channels
        for c in 0..<count {
            var (first, second) = (0.0, 0.0)
            for start in stride(from: 0, to: map.rows, by: blockRows) {
                let block = partial + start / blockRows * 2 * count + c
                let (a, b) = (Double(block[0]), Double(block[count]))
                switch sums {
                case .totals:
                    first += a
                    second += b
                case .moments:
                    let rows = Double(min(blockRows, map.rows - start))
                    let share = rows / (Double(start) + rows)
                    let distance = a - first
                    first += distance * share
                    second += b + distance * distance * Double(start) * share
                }
            }
            totals[c] = Float(first)
            totals[count + c] = Float(second)
        }
    }
}
