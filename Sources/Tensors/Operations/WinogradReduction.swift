import KernelInterface

/// The weight's gradient of a 3x3 convolution with stride 1 by the transpose of F(4x4, 3x3).
///
/// `dw = G' [sum over tiles of (A dy A') * (B' x B)] G`: for each of 36 elements a product over
/// tiles of the transformed gradient `[tiles, O]` and input `[tiles, I]`. Runs of tiles follow
/// each other and add to the same 36 sums, so that the order is fixed.
struct WinogradReduction: Sendable {
    private let dy: WinogradTiles
    private let x: WinogradTiles
    private let padding: Int

    /// Makes the reduction.
    ///
    /// - Parameters:
    ///   - input: `[N, H, W, I]`.
    ///   - output: `[N, H', W', O]`.
    ///   - padding: Rows and columns of zeros around the input.
    init(input: Shape, output: Shape, padding: Int) {
        let tile = WinogradKernels.tile
        let rows = (output[1] + tile - 1) / tile
        let columns = (output[2] + tile - 1) / tile
        self.padding = padding
        x = WinogradTiles(
            images: input[0], height: input[1], width: input[2], channels: input[3], rows: rows,
            columns: columns)
        dy = WinogradTiles(
            images: output[0], height: output[1], width: output[2], channels: output[3],
            rows: rows, columns: columns)
    }

    private static let runFloats = 1 << 20
    private static let tilesOfPiece = 8

    /// Tiles of a run: so many that the sums are seldom read, so few that a run stays in the cache.
    private var run: Int {
        let perTile = WinogradKernels.elements * (dyWidth + xWidth)
        let wanted = max(128, Self.runFloats / perTile)
        let runs = max(1, (x.count + wanted - 1) / wanted)
        return max(1, (x.count + runs - 1) / runs)
    }

    /// Channels of `x`, padded to whole vectors as panels are.
    private var xWidth: Int {
        let lanes = kernels.matrix.vectorWidth
        return (x.channels + lanes - 1) / lanes * lanes
    }

    /// Channels of `dy` and a few more, so that rows do not share a set of the cache.
    private var dyWidth: Int { (dy.channels + 31) / 16 * 16 }

    private var laneSize: Int { max(x.scratchCount, dy.scratchCount) }
    private var sumsCount: Int { WinogradKernels.elements * dy.channels * x.channels }

    /// Floats of working memory.
    var scratchCount: Int {
        MatrixLanes.maximum * laneSize + sumsCount
            + WinogradKernels.elements * (run * (dyWidth + xWidth) + 64)
    }

    /// Computes the gradient.
    ///
    /// - Parameters:
    ///   - gradient: Gradient of the output.
    ///   - pixels: The input.
    ///   - dw: Room for `[O, 3, 3, I]`.
    ///   - scratch: Room for `scratchCount` floats.
    func callAsFunction(
        _ gradient: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>,
        into dw: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let sums = scratch + MatrixLanes.maximum * laneSize
        let left = sums + sumsCount
        let right = left + WinogradKernels.elements * (run * dyWidth + 32)
        var first = 0
        repeat {
            let tiles = first..<min(x.count, first + run)
            transform(tiles, gradient, pixels, (left, right), scratch: scratch)
            multiply(left, right, count: tiles.count, into: sums, isFirst: first == 0)
            first = tiles.upperBound
        } while first < x.count
        finish(sums, into: dw, scratch: scratch)
    }

    private func transform(
        _ tiles: Range<Int>, _ gradient: UnsafePointer<Float>, _ pixels: UnsafePointer<Float>,
        _ operands: (dy: UnsafeMutablePointer<Float>, x: UnsafeMutablePointer<Float>),
        scratch: UnsafeMutablePointer<Float>
    ) {
        let laneSize = laneSize
        let width = kernels.matrix.panelWidth
        let dyTile = WinogradTile(
            channels: dy.channels, pixelStride: 0, rowStride: 0,
            elementStride: run * dyWidth + 32, panelStride: width)
        let xTile = WinogradTile(
            channels: x.channels, pixelStride: 0, rowStride: 0,
            elementStride: run * xWidth + 32, panelStride: tiles.count * width)
        let pieces = (tiles.count + Self.tilesOfPiece - 1) / Self.tilesOfPiece
        MatrixLanes.forEach(pieces) { piece, lane in
            var xTile = xTile
            let start = piece * Self.tilesOfPiece
            let memory = scratch + lane * laneSize
            for index in start..<min(tiles.count, start + Self.tilesOfPiece) {
                dy.transform(
                    tiles.lowerBound + index, of: gradient, padding: 0,
                    extent: WinogradKernels.tile, by: kernels.winograd.outputPullback,
                    into: WinogradTarget(
                        elements: operands.dy + index * dyWidth, tile: dyTile, scratch: memory))
                xTile.panelRow = index
                x.transform(
                    tiles.lowerBound + index, of: pixels, padding: padding,
                    extent: WinogradKernels.inputTile, by: kernels.winograd.input,
                    into: WinogradTarget(elements: operands.x, tile: xTile, scratch: memory))
            }
        }
    }

    private func multiply(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, count: Int,
        into sums: UnsafeMutablePointer<Float>, isFirst: Bool
    ) {
        let size = dy.channels * x.channels
        MatrixLanes.forEach(WinogradKernels.elements) { element, _ in
            let c = sums + element * size
            var block = MatrixBlock(
                a: (left + element * (run * dyWidth + 32), 1),
                b: (
                    right + element * (run * xWidth + 32), count * kernels.matrix.panelWidth
                ), c: (c, x.channels), rows: dy.channels, columns: x.channels, depth: count)
            block.aStep = dyWidth
            block.aTileStride = kernels.matrix.tileRows
            if !isFirst {
                block.start = UnsafePointer(c)
                block.startRowStride = x.channels
            }
            kernels.matrix.multiply(block)
        }
    }

    private func finish(
        _ sums: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let channels = x.channels
        let tile = WinogradTile(
            channels: channels, pixelStride: channels, rowStride: 3 * channels,
            elementStride: dy.channels * channels, panelStride: kernels.matrix.panelWidth)
        let laneSize = laneSize
        MatrixLanes.forEach(dy.channels) { row, lane in
            kernels.winograd.weightPullback(
                sums + row * channels, dw + 9 * row * channels, tile, scratch + lane * laneSize)
        }
    }
}
