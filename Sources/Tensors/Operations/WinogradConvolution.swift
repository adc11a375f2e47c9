import KernelInterface

/// A 3x3 convolution with stride 1 by F(4x4, 3x3): 36 instead of 144 products a tile and channel.
///
/// Tiles are transformed, multiplied element by element of the transform as 36 matrix products
/// over channels, and transformed back, in runs of tiles whose working memory stays in the
/// caches. Relative to the largest output, the error against exact arithmetic is below 1e-5.
struct WinogradConvolution: Sendable {
    /// Channels of a pixel of the input.
    let depth: Int
    /// Tiles of the output; its pixels begin `padding` before the input's.
    let output: WinogradTiles
    private let input: WinogradTiles
    private let padding: Int

    /// Makes the convolution.
    ///
    /// - Parameters:
    ///   - input: `[N, H, W, I]`.
    ///   - output: `[N, H', W', O]`.
    ///   - padding: Rows and columns of zeros around the input.
    init(input: Shape, output: Shape, padding: Int) {
        let tile = WinogradKernels.tile
        let rows = (output[1] + tile - 1) / tile
        let columns = (output[2] + tile - 1) / tile
        depth = input[3]
        self.padding = padding
        self.input = WinogradTiles(
            images: input[0], height: input[1], width: input[2], channels: input[3], rows: rows,
            columns: columns)
        self.output = WinogradTiles(
            images: output[0], height: output[1], width: output[2], channels: output[3],
            rows: rows, columns: columns)
    }

    /// Whether this algorithm takes less time than a product over patches.
    ///
    /// It needs a quarter of the products, of full tiles; the transforms cost as much as some 40
    /// products a channel on either side, and a weight whose transform is new costs 36 stores.
    static func pays(input: Shape, weight: Shape, output: Shape) -> Bool {
        guard input[3] >= 16, output[3] >= 16, weight[1] == 3, weight[2] == 3 else { return false }
        let tile = WinogradKernels.tile
        let tiles = output[0] * ((output[1] + tile - 1) / tile) * ((output[2] + tile - 1) / tile)
        let channels = input[3] * output[3]
        let products = tiles * (36 * channels + 40 * 16 * (input[3] + output[3])) + 64 * channels
        return products * 10 < output[0] * output[1] * output[2] * 9 * channels * 9
    }

    // MARK: - Weight

    /// The layout of the packed weight `[3, 3, I, O]`, all in one block.
    var packedLayout: MatrixLayout {
        MatrixLayout(depth: 9 * depth, columns: output.channels, unit: 9 * depth)
    }

    private var panels: MatrixLayout {
        MatrixLayout(depth: depth, columns: output.channels, unit: depth)
    }

    /// Floats of the transformed weight.
    var weightCount: Int { WinogradKernels.elements * depth * panels.paddedColumns }

    /// Transforms a weight.
    ///
    /// - Parameters:
    ///   - packed: The weight `[3, 3, I, O]` in panels, in a block of `weightScratchCount` floats.
    ///   - transformed: Room for `weightCount` floats.
    func transformWeight(
        _ packed: UnsafeMutablePointer<Float>, into transformed: UnsafeMutablePointer<Float>
    ) {
        let scratch = packed + packedLayout.count
        let width = kernels.matrix.panelWidth
        let padded = panels.paddedColumns
        MatrixLanes.forEach((padded + width - 1) / width) { panel, lane in
            let columns = min(width, padded - panel * width)
            var tile = WinogradTile(
                channels: depth * columns, pixelStride: depth * columns,
                rowStride: 3 * depth * columns, elementStride: depth * padded, panelStride: 0)
            tile.validRows = 3
            kernels.winograd.weight(
                packed + 9 * depth * panel * width, transformed + depth * panel * width, tile,
                scratch + lane * WinogradKernels.elements * kernels.matrix.vectorWidth)
        }
    }

    /// Floats of the packed weight and the working memory of its transformation.
    var weightScratchCount: Int {
        packedLayout.count + MatrixLanes.maximum * WinogradKernels.elements
            * kernels.matrix.vectorWidth
    }

    // MARK: - Output

    /// How threads share the work.
    private enum Sharing {
        /// Each thread takes runs of tiles through all three steps, within its own cache.
        case byTiles
        /// All threads take each step of a run together; the weight, too large for the cache of
        /// one, is then read once a run of many tiles.
        case byElements
    }

    private var sharing: Sharing { weightCount > 1 << 20 ? .byElements : .byTiles }

    private static let tilesOfPiece = 8

    /// Tiles of a run.
    private var run: Int {
        let perTile = WinogradKernels.elements * (depth + panels.paddedColumns)
        let wanted =
            switch sharing {
            case .byTiles: max(24, min(96, (192 << 10) / perTile))
            case .byElements: max(96, (3 << 20) / perTile)
            }
        let runs = max(1, (output.count + wanted - 1) / wanted)
        let even = (output.count + runs - 1) / runs
        return max(1, (even + 3) / 4 * 4)
    }

    /// From one element of the transforms of a run to the next; not a multiple of a page.
    private func elementStride(_ channels: Int) -> Int { run * channels + 16 }

    /// Floats of the transforms of a run, those of the input before those of the output.
    private var runSize: Int {
        WinogradKernels.elements
            * (elementStride(depth) + elementStride(panels.paddedColumns))
    }

    /// Floats of working memory of a call.
    var scratchCount: Int {
        switch sharing {
        case .byTiles:
            MatrixLanes.count(for: (output.count + run - 1) / run)
                * (runSize + input.scratchCount)
        case .byElements: runSize + MatrixLanes.maximum * input.scratchCount
        }
    }

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
        switch sharing {
        case .byTiles: runByTiles(x, weight, epilogue, y, scratch)
        case .byElements: runByElements(x, weight, epilogue, y, scratch)
        }
    }

    private var sumsOffset: Int { WinogradKernels.elements * elementStride(depth) }

    private func runByTiles(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epilogue: MatrixEpilogue,
        _ y: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let (run, runSize, memorySize) = (run, runSize, input.scratchCount)
        MatrixLanes.forEach((output.count + run - 1) / run) { piece, lane in
            let tiles = piece * run..<min(output.count, (piece + 1) * run)
            let elements = scratch + lane * (runSize + memorySize)
            let sums = elements + sumsOffset
            transform(tiles, of: x, into: elements, scratch: elements + runSize)
            for element in 0..<WinogradKernels.elements {
                multiply(element, elements, weight, into: sums, count: tiles.count)
            }
            write(tiles, from: sums, epilogue: epilogue, to: y, scratch: elements + runSize)
        }
    }

    private func runByElements(
        _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epilogue: MatrixEpilogue,
        _ y: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let (run, runSize, memorySize) = (run, runSize, input.scratchCount)
        let sums = scratch + sumsOffset
        for first in stride(from: 0, to: output.count, by: run) {
            let tiles = first..<min(output.count, first + run)
            forEachPiece(tiles) { piece, lane in
                transform(
                    piece, of: x, into: scratch + (piece.lowerBound - first) * depth,
                    scratch: scratch + runSize + lane * memorySize)
            }
            MatrixLanes.forEach(WinogradKernels.elements) { element, _ in
                multiply(element, scratch, weight, into: sums, count: tiles.count)
            }
            forEachPiece(tiles) { piece, lane in
                let part = sums + (piece.lowerBound - first) * panels.paddedColumns
                write(
                    piece, from: part, epilogue: epilogue, to: y,
                    scratch: scratch + runSize + lane * memorySize)
            }
        }
    }

    /// Calls `body` with a few tiles at a time and the lane that takes them.
    private func forEachPiece(_ tiles: Range<Int>, _ body: (Range<Int>, Int) -> Void) {
        let pieces = (tiles.count + Self.tilesOfPiece - 1) / Self.tilesOfPiece
        MatrixLanes.forEach(pieces) { piece, lane in
            let start = tiles.lowerBound + piece * Self.tilesOfPiece
            body(start..<min(tiles.upperBound, start + Self.tilesOfPiece), lane)
        }
    }

    private func strides(_ channels: Int) -> WinogradTile {
        WinogradTile(
            channels: channels, pixelStride: 0, rowStride: 0,
            elementStride: elementStride(channels), panelStride: kernels.matrix.panelWidth)
    }

    private func transform(
        _ tiles: Range<Int>, of x: UnsafePointer<Float>,
        into elements: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        var target = WinogradTarget(elements: elements, tile: strides(depth), scratch: scratch)
        for tile in tiles {
            input.transform(
                tile, of: x, padding: padding, extent: WinogradKernels.inputTile,
                by: kernels.winograd.input, into: target)
            target.elements += depth
        }
    }

    private func multiply(
        _ element: Int, _ elements: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
        into sums: UnsafeMutablePointer<Float>, count: Int
    ) {
        let columns = panels.paddedColumns
        var block = MatrixBlock(
            a: (elements + element * elementStride(depth), depth),
            b: (weight + element * depth * columns, depth * kernels.matrix.panelWidth),
            c: (sums + element * elementStride(columns), columns), rows: count,
            columns: columns, depth: depth)
        block.aTileStride = depth * kernels.matrix.tileRows
        kernels.matrix.multiply(block)
    }

    private func write(
        _ tiles: Range<Int>, from sums: UnsafeMutablePointer<Float>, epilogue: MatrixEpilogue,
        to y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        var source = WinogradTarget(
            elements: sums, tile: strides(panels.paddedColumns), scratch: scratch)
        source.tile.bias = epilogue.bias
        for tile in tiles {
            output.write(tile, from: source, epilogue: epilogue, to: y)
            source.elements += panels.paddedColumns
        }
    }
}
