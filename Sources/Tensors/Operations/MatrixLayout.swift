import KernelInterface

/// Where the panels of a packed right operand `[depth, columns]` lie.
///
/// The sums are cut into blocks of depth, so that the panel of a block stays in the caches; each
/// block holds all its panels of `panelWidth` columns, the last padded to a whole vector.
struct MatrixLayout: Sendable {
    /// Length of the sums.
    let depth: Int
    /// Columns of the operand.
    let columns: Int
    /// Length of a block, the last may be shorter.
    let depthBlock: Int

    /// Makes the layout.
    ///
    /// - Parameters:
    ///   - depth: Length of the sums.
    ///   - columns: Columns of the operand.
    ///   - unit: Blocks begin at multiples of this; it divides `depth`.
    init(depth: Int, columns: Int, unit: Int = 1) {
        self.depth = depth
        self.columns = columns
        let units = depth / max(1, unit)
        let blocks = max(1, (depth + Self.longestBlock - 1) / Self.longestBlock)
        depthBlock = max(1, (units + blocks - 1) / blocks * unit)
    }

    private static let longestBlock = 768

    /// Columns with those of the padding.
    var paddedColumns: Int {
        let lanes = kernels.matrix.vectorWidth
        return (columns + lanes - 1) / lanes * lanes
    }

    /// Floats of all panels.
    var count: Int { depth * paddedColumns }

    /// Calls `body` with each block of depth; a sum without terms has one empty block.
    ///
    /// - Parameter body: The work of one block.
    @inline(__always)
    func forEachBlock(_ body: (Range<Int>) -> Void) {
        var start = 0
        repeat {
            let end = min(depth, start + depthBlock)
            body(start..<end)
            start = end
        } while start < depth
    }

    /// Packs a matrix `[columns, depth]`, such as the weight of a linear layer.
    ///
    /// - Parameters:
    ///   - weight: The matrix, row-major.
    ///   - panels: Room for `count` floats.
    func packTransposed(_ weight: UnsafePointer<Float>, into panels: UnsafeMutablePointer<Float>) {
        forEachPart { block, columns in
            kernels.matrix.packColumns(
                weight + columns.lowerBound * depth + block.lowerBound,
                panels + block.lowerBound * paddedColumns + columns.lowerBound * block.count,
                PanelCopy(sourceStride: depth, depth: block.count, columns: columns.count))
        }
    }

    /// Packs a matrix `[depth, columns]`.
    ///
    /// - Parameters:
    ///   - matrix: The matrix, row-major.
    ///   - panels: Room for `count` floats.
    func pack(_ matrix: UnsafePointer<Float>, into panels: UnsafeMutablePointer<Float>) {
        let rowLength = columns
        forEachPart { block, columns in
            kernels.matrix.packRows(
                matrix + block.lowerBound * rowLength + columns.lowerBound,
                panels + block.lowerBound * paddedColumns + columns.lowerBound * block.count,
                PanelCopy(sourceStride: rowLength, depth: block.count, columns: columns.count))
        }
    }

    /// Calls `body` with blocks of depth and runs of whole panels: of one panel each, on all
    /// threads, where the matrix is large.
    private func forEachPart(_ body: (_ block: Range<Int>, _ columns: Range<Int>) -> Void) {
        let width = kernels.matrix.panelWidth
        let length = count > 1 << 15 ? width : max(1, columns)
        MatrixLanes.forEach((columns + length - 1) / length) { piece, _ in
            let first = piece * length
            forEachBlock { body($0, first..<min(columns, first + length)) }
        }
    }
}
