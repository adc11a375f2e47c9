import KernelInterface

/// A 3x3 convolution with stride 2 by phases and F(2, 2): 25 instead of 36 products a tile.
///
/// Runs of tiles are transformed, multiplied by matrix products over the channels of their terms,
/// and transformed back, while they stay in the cache of one thread.
struct PolyphaseConvolution: Sendable {
    /// Channels of a pixel of the input.
    private let depth: Int
    private let images: Int
    /// `[N, H', W', O]`.
    private let output: Shape
    /// The tiles of 5x5 pixels of an image.
    private let tiles: PatchGeometry
    /// Tiles of a run.
    private let run: Int

    /// Makes the convolution.
    ///
    /// - Parameters:
    ///   - input: `[N, H, W, I]`.
    ///   - output: `[N, H', W', O]`.
    ///   - padding: Rows and columns of zeros around the input.
    init(input: Shape, output: Shape, padding: Int) {
        depth = input[3]
        images = input[0]
        self.output = output
        var tiles = PatchGeometry(height: input[1], width: input[2], channels: input[3])
        tiles.outputHeight = (output[1] + PolyphaseKernels.tile - 1) / PolyphaseKernels.tile
        tiles.outputWidth = (output[2] + PolyphaseKernels.tile - 1) / PolyphaseKernels.tile
        tiles.step = PolyphaseKernels.step
        tiles.top = -padding
        tiles.left = -padding
        tiles.rowTaps = PolyphaseKernels.inputTile
        tiles.columnTaps = PolyphaseKernels.inputTile
        self.tiles = tiles
        let perTile = PolyphaseKernels.terms * input[3] + PolyphaseKernels.sums * output[3]
        let count = input[0] * tiles.outputHeight * tiles.outputWidth
        let wanted = max(Self.shortestRun, min(Self.longestRun, Self.cachedFloats / perTile))
        run = MatrixRun.evenRows(count, about: min(wanted, (count + 1) / 2))
    }

    /// Tiles that are worth reading the weight for.
    private static let shortestRun = 24
    private static let longestRun = 96
    private static let cachedFloats = 96 << 10

    /// Whether this algorithm takes less time than a product over patches.
    ///
    /// It needs 25 of 36 products. The transforms of a tile cost as much as 100 products a channel,
    /// and the transform of a new weight as much as 60 tiles; as it is nearly twice as large,
    /// each of two threads must have some tiles to read it for.
    static func pays(
        input: Shape, weight: Shape, output: Shape, life: ConvolutionProduct.WeightLife
    ) -> Bool {
        guard input[3] >= 16, output[3] >= 16, weight[1] == 3, weight[2] == 3 else { return false }
        let tile = PolyphaseKernels.tile
        let tiles = output[0] * ((output[1] + tile - 1) / tile) * ((output[2] + tile - 1) / tile)
        let packing =
            switch life {
            case .oneCall: 60
            case .manyCalls: 0
            }
        let channels = input[3] * output[3]
        let products =
            (tiles + packing) * PolyphaseKernels.terms * channels
            + 100 * tiles * (input[3] + output[3])
        return tiles >= 2 * shortestRun
            && products < output[0] * output[1] * output[2] * 9 * channels
    }

    private var count: Int { images * tiles.outputHeight * tiles.outputWidth }

    // MARK: - Weight

    /// Channels of the sums, padded to whole vectors.
    private var columns: Int { MatrixLayout(depth: depth, columns: output.channels).paddedColumns }

    private var tapsSize: Int { 9 * depth * kernels.matrix.panelWidth }

    /// Floats of the transformed weight.
    var weightCount: Int { PolyphaseKernels.taps * depth * columns }

    /// Floats of working memory of `pack`.
    var packingScratchCount: Int { MatrixLanes.maximum * tapsSize }

    /// Packs a weight, panel by panel: all taps of the first columns, then of the next.
    ///
    /// - Parameters:
    ///   - weight: `[O, 3, 3, I]`.
    ///   - transformed: Room for `weightCount` floats.
    ///   - scratch: Room for `packingScratchCount` floats.
    func pack(
        _ weight: UnsafePointer<Float>, into transformed: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let (width, columns, tapsSize) = (kernels.matrix.panelWidth, columns, tapsSize)
        MatrixLanes.forEach((columns + width - 1) / width) { panel, lane in
            let first = panel * width
            let taps = scratch + lane * tapsSize
            kernels.matrix.packColumns(
                weight + 9 * depth * first, taps,
                PanelCopy(
                    sourceStride: 9 * depth, depth: 9 * depth,
                    columns: min(width, output.channels - first)))
            kernels.polyphase.weight(
                taps, transformed + PolyphaseKernels.taps * depth * first,
                depth * min(width, columns - first))
        }
    }

    // MARK: - Output

    /// From one tile of a term to the next: whole lines of the cache.
    private var tileStride: Int { (depth + 15) / 16 * 16 }

    /// From one term of a run to the next, or one sum; not a multiple of a page.
    private func termStride(_ channels: Int) -> Int { run * channels + 16 }

    private var termsSize: Int { PolyphaseKernels.terms * termStride(tileStride) }
    private var tileSize: Int { tiles.rowTaps * tiles.columnTaps * tileStride }

    /// Floats of a thread: terms, sums and one tile.
    private var laneSize: Int {
        termsSize + PolyphaseKernels.sums * termStride(columns) + tileSize
    }

    /// Floats of working memory of a call.
    var scratchCount: Int { MatrixLanes.count(for: (count + run - 1) / run) * laneSize }

    /// Computes the output.
    ///
    /// - Parameters:
    ///   - x: The input.
    ///   - weight: The transformed weight.
    ///   - epilogue: What follows the sums.
    ///   - y: Room for the output.
    ///   - scratch: Room for `scratchCount` floats.
    func callAsFunction(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epilogue: MatrixEpilogue,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let (laneSize, termsSize, tileSize) = (laneSize, termsSize, tileSize)
        MatrixLanes.forEach((count + run - 1) / run) { piece, lane in
            let all = piece * run..<min(count, (piece + 1) * run)
            let terms = scratch + lane * laneSize
            let sums = terms + termsSize
            let tile = scratch + ((lane + 1) * laneSize - tileSize)
            forEachLine(all) { place, first in
                transform(place, of: x, into: terms + first * tileStride, tile: tile)
            }
            for number in 0..<PolyphaseKernels.products {
                multiply(
                    PolyphaseKernels.product(number), terms, weight, into: sums,
                    count: all.count)
            }
            forEachLine(all) { place, first in
                write(place, from: sums + first * columns, epilogue: epilogue, to: y)
            }
        }
    }

    /// Neighbouring tiles of a row of tiles.
    private struct Place {
        let image: Int
        let row: Int
        let columns: Range<Int>
    }

    /// Calls `body` with the parts of a range of tiles that lie in one row, and their place in it.
    private func forEachLine(_ all: Range<Int>, _ body: (Place, _ first: Int) -> Void) {
        let width = tiles.outputWidth
        var tile = all.lowerBound
        while tile < all.upperBound {
            let (line, column) = (tile / width, tile % width)
            let end = min(width, column + all.upperBound - tile)
            let place = Place(
                image: line / tiles.outputHeight, row: line % tiles.outputHeight,
                columns: column..<end)
            body(place, tile - all.lowerBound)
            tile += place.columns.count
        }
    }

    /// The columns of tiles that do not reach over the border; none in a row that does.
    private func inside(_ place: Place) -> Range<Int> {
        let top = place.row * tiles.step + tiles.top
        guard top >= 0, top + tiles.rowTaps <= tiles.height else {
            return place.columns.upperBound..<place.columns.upperBound
        }
        let first = (tiles.step - 1 - tiles.left) / tiles.step
        let end = (tiles.width - tiles.left - tiles.columnTaps + tiles.step) / tiles.step
        let start = min(place.columns.upperBound, max(place.columns.lowerBound, first))
        return start..<max(start, min(place.columns.upperBound, end))
    }

    private func transform(
        _ place: Place, of x: UnsafePointer<Float>, into terms: UnsafeMutablePointer<Float>,
        tile: UnsafeMutablePointer<Float>
    ) {
        let inside = inside(place)
        let top = place.image * tiles.height + place.row * tiles.step + tiles.top
        var line = PolyphaseLine(
            tiles: inside.count, channels: depth, rowStride: tiles.width * depth,
            termStride: termStride(tileStride), tileStride: tileStride)
        if !inside.isEmpty {
            let left = inside.lowerBound * tiles.step + tiles.left
            kernels.polyphase.input(
                x + (top * tiles.width + left) * depth,
                terms + (inside.lowerBound - place.columns.lowerBound) * tileStride, line)
        }
        line.tiles = 1
        line.rowStride = tiles.columnTaps * depth
        let first = (place.image * tiles.outputHeight + place.row) * tiles.outputWidth
        for column in place.columns where !inside.contains(column) {
            kernels.convolution.gatherPatches(
                x, tile, tiles, PatchRows(first: first + column, count: 1, stride: 0))
            kernels.polyphase.input(
                tile, terms + (column - place.columns.lowerBound) * tileStride, line)
        }
    }

    /// Adds one product to its sum: whole panels, then the narrow one.
    private func multiply(
        _ product: PolyphaseProduct, _ terms: UnsafePointer<Float>,
        _ weight: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>, count: Int
    ) {
        let width = kernels.matrix.panelWidth
        let whole = columns / width * width
        var block = MatrixBlock(
            a: (terms + product.terms.lowerBound * termStride(tileStride), tileStride),
            b: (
                weight + product.taps.lowerBound * depth * width,
                PolyphaseKernels.taps * depth * width
            ), c: (sums + product.sum * termStride(columns), columns), rows: count,
            columns: whole, depth: product.terms.count * depth)
        block.aTileStride = tileStride * kernels.matrix.tileRows
        block.aRun = depth
        block.aRunStride = termStride(tileStride)
        if !product.isFirst {
            block.start = UnsafePointer(block.c)
            block.startRowStride = columns
        }
        kernels.matrix.multiply(block)
        guard whole < columns else { return }
        block.columns = columns - whole
        block.b =
            weight + depth
            * (PolyphaseKernels.taps * whole + product.taps.lowerBound * block.columns)
        block.c += whole
        if !product.isFirst { block.start = UnsafePointer(block.c) }
        kernels.matrix.multiply(block)
    }

    private func write(
        _ place: Place, from sums: UnsafePointer<Float>, epilogue: MatrixEpilogue,
        to y: UnsafeMutablePointer<Float>
    ) {
        let (height, width, channels) = (output[1], output[2], output[3])
        let row = place.row * PolyphaseKernels.tile
        let column = place.columns.lowerBound * PolyphaseKernels.tile
        var line = PolyphaseLine(
            tiles: place.columns.count, channels: channels, rowStride: width * channels,
            termStride: termStride(columns), tileStride: columns)
        line.bias = epilogue.bias
        line.validRows = min(PolyphaseKernels.tile, height - row)
        line.validPixels = min(line.validPixels, width - column)
        let offset = ((place.image * height + row) * width + column) * channels
        kernels.polyphase.output(sums, y + offset, line)
        guard epilogue.changesSums else { return }
        for below in 0..<line.validRows {
            let start = offset + below * width * channels
            kernels.matrix.finish(
                y + start,
                MatrixPart(rows: line.validPixels, columns: channels, stride: channels),
                epilogue.advanced(by: start, column: 0))
        }
    }
}
