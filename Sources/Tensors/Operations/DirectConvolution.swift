import KernelInterface

/// A convolution as products of rows of pixels with the weight, without a copy of the patches.
///
/// In a row of the image, the patches of neighbouring outputs begin `step` pixels apart, so a
/// product reads them in place, one run of pixels for each row of taps. The rows that a piece
/// looks at are copied with the zeros of their border.
struct DirectConvolution: Sendable {
    private let patches: PatchGeometry
    private let layout: MatrixLayout
    private let images: Int
    /// Rows of outputs of a piece.
    private let rows: Int

    /// Multiply-adds that are worth a piece of their own.
    private static let pieceSize = 1 << 20
    /// The shortest row of outputs; its tiles read the whole weight.
    private static let shortestRow = 24

    /// Whether this takes less time than a product with gathered patches.
    ///
    /// - Parameters:
    ///   - patches: The patches.
    ///   - layout: Where the panels of the weight lie.
    /// - Returns: Whether rows are long and the weight is one block.
    static func pays(_ patches: PatchGeometry, _ layout: MatrixLayout) -> Bool {
        patches.outputWidth >= shortestRow && layout.depth == layout.depthBlock
            && patches.step <= patches.columnTaps
    }

    /// Makes the convolution.
    ///
    /// - Parameters:
    ///   - patches: The patches.
    ///   - layout: Where the panels of the weight lie.
    ///   - images: Number of images.
    init(_ patches: PatchGeometry, _ layout: MatrixLayout, images: Int) {
        self.patches = patches
        self.layout = layout
        self.images = images
        let row = max(1, patches.outputWidth * layout.depth * layout.columns)
        let wanted = max(1, min(Self.pieceSize / row, patches.outputHeight * images / 8))
        rows = MatrixRun.evenRows(patches.outputHeight, about: wanted)
    }

    private var pieces: Int { images * piecesOfImage }
    private var piecesOfImage: Int { (patches.outputHeight + rows - 1) / rows }

    /// Pixels of a row with its border.
    private var pixels: Int { (patches.outputWidth - 1) * patches.step + patches.columnTaps }

    /// Floats of a row with its border.
    private var line: Int { (pixels * patches.channels + 15) / 16 * 16 }

    private var laneSize: Int { ((rows - 1) * patches.step + patches.rowTaps) * line }

    /// Floats of working memory of a call.
    var scratchCount: Int { MatrixLanes.count(for: pieces) * laneSize }

    /// Computes the output.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, I]`.
    ///   - panels: The packed weight.
    ///   - epilogue: What follows the sums.
    ///   - y: Room for `[N, H', W', O]`.
    ///   - scratch: Room for `scratchCount` floats.
    func callAsFunction(
        _ x: UnsafePointer<Float>, _ panels: UnsafePointer<Float>, epilogue: MatrixEpilogue,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        MatrixLanes.forEach(pieces) { piece, lane in
            let image = piece / piecesOfImage
            let first = piece % piecesOfImage * rows
            let last = min(patches.outputHeight, first + rows)
            let lines = scratch + lane * laneSize
            copyLines(
                x + image * patches.height * patches.width * patches.channels,
                from: first * patches.step + patches.top,
                count: (last - 1 - first) * patches.step + patches.rowTaps, into: lines)
            for row in first..<last {
                multiply(
                    lines + (row - first) * patches.step * line, panels, epilogue: epilogue,
                    into: y, row: image * patches.outputHeight + row)
            }
        }
    }

    /// Copies rows of an image with zeros around it.
    private func copyLines(
        _ image: UnsafePointer<Float>, from first: Int, count: Int,
        into lines: UnsafeMutablePointer<Float>
    ) {
        let channels = patches.channels
        let start = min(pixels, max(0, -patches.left))
        let end = max(start, min(pixels, patches.width - patches.left))
        for index in 0..<count {
            let to = lines + index * line
            let y = first + index
            guard y >= 0, y < patches.height else {
                to.update(repeating: 0, count: pixels * channels)
                continue
            }
            let from = image + (y * patches.width + patches.left + start) * channels
            to.update(repeating: 0, count: start * channels)
            (to + start * channels).update(from: from, count: (end - start) * channels)
            (to + end * channels).update(repeating: 0, count: (pixels - end) * channels)
        }
    }

    /// Computes one row of outputs.
    private func multiply(
        _ lines: UnsafePointer<Float>, _ panels: UnsafePointer<Float>, epilogue: MatrixEpilogue,
        into y: UnsafeMutablePointer<Float>, row: Int
    ) {
        let columns = layout.columns
        let offset = row * patches.outputWidth * columns
        let stride = patches.step * patches.channels
        var block = MatrixBlock(
            a: (lines, stride), b: (panels, layout.depth * kernels.matrix.panelWidth),
            c: (y + offset, columns), rows: patches.outputWidth, columns: columns,
            depth: layout.depth)
        block.aTileStride = stride * kernels.matrix.tileRows
        block.aRun = patches.columnTaps * patches.channels
        block.aRunStride = line
        block.start = epilogue.bias
        if epilogue.changesSums { block.epilogue = epilogue.advanced(by: offset, column: 0) }
        kernels.matrix.multiply(block)
    }
}
