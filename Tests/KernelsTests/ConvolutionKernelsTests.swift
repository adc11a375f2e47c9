import KernelInterface
import Tensors
import Testing

/// Patches and minimal filtering against plain loops.
@Suite struct ConvolutionKernelsTests {
    @Test(arguments: runnableSets, [1, 3, 16, 33]) func patchesAreCutAtTheBorders(
        set: InstructionSet, channels: Int
    ) throws {
        var geometry = PatchGeometry(height: 5, width: 6, channels: channels)
        geometry.outputHeight = 4
        geometry.outputWidth = 4
        geometry.step = 2
        geometry.top = -2
        geometry.left = -1
        geometry.rowTaps = 3
        geometry.columnTaps = 2
        let images = integers(2 * 30 * channels, seed: 1)
        let rows = PatchRows(first: 3, count: 26, stride: geometry.depth + 5)
        var patches = [Float](repeating: 99, count: rows.count * rows.stride)
        try table(set).convolution.gatherPatches(images, &patches, geometry, rows)
        for index in patches.indices {
            let (row, column) = (index / rows.stride + rows.first, index % rows.stride)
            let expected =
                column < geometry.depth ? pixel(images, geometry, row, column) : 99
            #expect(patches[index] == expected)
        }
    }

    /// Element `column` of row `row` of the patch matrix.
    private func pixel(
        _ images: [Float], _ geometry: PatchGeometry, _ row: Int, _ column: Int
    ) -> Float {
        let channel = column % geometry.channels
        let tap = column / geometry.channels
        let y = row / 4 % 4 * 2 - 2 + tap / 2
        let x = row % 4 * 2 - 1 + tap % 2
        guard (0..<5).contains(y), (0..<6).contains(x) else { return 0 }
        return images[((row / 16 * 5 + y) * 6 + x) * geometry.channels + channel]
    }

    /// A tile with one element of the transform after the other.
    private func tile(_ channels: Int, columns: Int, _ table: KernelTable) -> WinogradTile {
        WinogradTile(
            channels: channels, pixelStride: channels, rowStride: columns * channels,
            elementStride: 64, panelStride: table.matrix.panelWidth)
    }

    private func transformed(
        _ source: [Float], _ geometry: WinogradTile, _ transform: WinogradKernels.Transform
    ) -> [Float] {
        var result = [Float](repeating: 0, count: WinogradKernels.elements * 64 + 64)
        var memory = [Float](repeating: .nan, count: WinogradKernels.elements * 16)
        transform(source, &result, geometry, &memory)
        return result
    }

    @Test(arguments: runnableSets, [16, 32]) func filteringIsCorrelation(
        set: InstructionSet, channels: Int
    ) throws {
        let table = try table(set)
        let kernels = table.winograd
        let x = integers(36 * channels, seed: 1) + [Float](repeating: 0, count: 16)
        let w = integers(9 * channels, seed: 2) + [Float](repeating: 0, count: 16)
        let v = transformed(x, tile(channels, columns: 6, table), kernels.input)
        let u = transformed(w, tile(channels, columns: 3, table), kernels.weight)
        let m = zip(u, v).map(*)
        var geometry = tile(channels, columns: 4, table)
        geometry.validRows = 3
        let y = transformed(m, geometry, kernels.output)
        for index in 0..<12 * channels {
            let (i, j, c) = (index / channels / 4, index / channels % 4, index % channels)
            let expected = (0..<9).reduce(Float(0)) { sum, tap in
                let pixel = (i + tap / 3) * 6 + j + tap % 3
                return sum + w[tap * channels + c] * x[pixel * channels + c]
            }
            #expect(abs(y[index] - expected) < 1e-3)
        }
        #expect(y[12 * channels] == 0)
    }

    @Test(arguments: runnableSets, [1, 16, 19]) func pullbacksAreTransposes(
        set: InstructionSet, channels: Int
    ) throws {
        let table = try table(set)
        let kernels = table.winograd
        let slack = [Float](repeating: 0, count: 16)
        let y = integers(16 * channels, seed: 3) + slack
        let u = integers(WinogradKernels.elements * 64, seed: 4) + slack
        let z = transformed(y, tile(channels, columns: 4, table), kernels.outputPullback)
        let back = transformed(u, tile(channels, columns: 4, table), kernels.output)
        // <A y A', u> = <y, A' u A>, channel by channel.
        for c in 0..<channels {
            let left = (0..<36).reduce(Float(0)) { $0 + z[$1 * 64 + c] * u[$1 * 64 + c] }
            let right = (0..<16).reduce(Float(0)) {
                $0 + y[$1 * channels + c] * back[$1 * channels + c]
            }
            #expect(abs(left - right) < 1e-2)
        }
    }
}
