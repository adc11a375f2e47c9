import KernelInterface

/// Images `[N, height, width, channels]` cut into tiles for F(4x4, 3x3).
struct WinogradTiles: Sendable {
    /// Number of images.
    let images: Int
    /// Rows of pixels of an image.
    let height: Int
    /// Pixels of a row.
    let width: Int
    /// Floats of a pixel.
    let channels: Int
    /// Tiles from top to bottom.
    let rows: Int
    /// Tiles from left to right.
    let columns: Int

    /// Number of tiles of all images.
    var count: Int { images * rows * columns }

    /// One tile: its image and its place in it.
    private struct Place {
        let image: Int
        let row: Int
        let column: Int
    }

    private func place(_ index: Int) -> Place {
        let inImage = index % (rows * columns)
        return Place(
            image: index / (rows * columns), row: inImage / columns, column: inImage % columns)
    }

    /// Floats of working memory of the functions below.
    var scratchCount: Int {
        WinogradKernels.elements * (channels + kernels.matrix.vectorWidth)
    }

    /// Transforms the pixels of a tile with `transform`.
    ///
    /// - Parameters:
    ///   - index: The tile.
    ///   - pixels: The images.
    ///   - padding: Rows and columns between the tile grid and the pixels' own.
    ///   - extent: Pixels of a tile, both ways.
    ///   - transform: The kernel.
    ///   - target: First element of the transformed tile, its strides, and working memory.
    func transform(
        _ index: Int, of pixels: UnsafePointer<Float>, padding: Int, extent: Int,
        by transform: WinogradKernels.Transform, into target: WinogradTarget
    ) {
        let place = place(index)
        let top = place.row * WinogradKernels.tile - padding
        let left = place.column * WinogradKernels.tile - padding
        let memory = target.scratch + WinogradKernels.elements * channels
        var tile = target.tile
        tile.channels = channels
        if top >= 0, left >= 0, top + extent <= height, left + extent <= width {
            tile.pixelStride = channels
            tile.rowStride = width * channels
            let pixel = (place.image * height + top) * width + left
            transform(pixels + pixel * channels, target.elements, tile, memory)
            return
        }
        gather(index, pixels, padding: padding, extent: extent, into: target.scratch)
        tile.pixelStride = channels
        tile.rowStride = extent * channels
        transform(target.scratch, target.elements, tile, memory)
    }

    /// Copies a tile that reaches over the border, with zeros outside.
    private func gather(
        _ index: Int, _ pixels: UnsafePointer<Float>, padding: Int, extent: Int,
        into buffer: UnsafeMutablePointer<Float>
    ) {
        var patches = PatchGeometry(height: height, width: width, channels: channels)
        patches.outputHeight = rows
        patches.outputWidth = columns
        patches.step = WinogradKernels.tile
        patches.top = -padding
        patches.left = -padding
        patches.rowTaps = extent
        patches.columnTaps = extent
        kernels.convolution.gatherPatches(
            pixels, buffer, patches, PatchRows(first: index, count: 1, stride: 0))
    }

    /// Transforms the elements of a tile back and writes the pixels inside of the image.
    ///
    /// - Parameters:
    ///   - index: The tile.
    ///   - source: The tile's elements and their strides.
    ///   - epilogue: What follows the sums.
    ///   - pixels: The images.
    func write(
        _ index: Int, from source: WinogradTarget, epilogue: MatrixEpilogue,
        to pixels: UnsafeMutablePointer<Float>
    ) {
        let place = place(index)
        let top = place.row * WinogradKernels.tile
        let left = place.column * WinogradKernels.tile
        var tile = source.tile
        tile.channels = channels
        tile.pixelStride = channels
        tile.rowStride = width * channels
        tile.validRows = min(WinogradKernels.tile, height - top)
        tile.validColumns = min(WinogradKernels.tile, width - left)
        let pixel = (place.image * height + top) * width + left
        kernels.winograd.output(
            source.elements, pixels + pixel * channels, tile, source.scratch)
        guard epilogue.changesSums else { return }
        for row in 0..<tile.validRows {
            let offset = (pixel + row * width) * channels
            kernels.matrix.finish(
                pixels + offset,
                MatrixPart(rows: tile.validColumns, columns: channels, stride: channels),
                epilogue.advanced(by: offset, column: 0))
        }
    }
}

/// The elements of one transformed tile.
struct WinogradTarget {
    /// The first element.
    var elements: UnsafeMutablePointer<Float>
    /// The strides between elements.
    var tile: WinogradTile
    /// Working memory.
    var scratch: UnsafeMutablePointer<Float>
}
