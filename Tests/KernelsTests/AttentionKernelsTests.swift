import Foundation
import KernelInterface
import Tensors
import Testing

/// Kernels of attention of both copies against plain loops.
@Suite struct AttentionKernelsTests {
    static let widths = [1, 7, 8, 9, 15, 16, 17, 31, 32, 33]
    private let indices: [Int32] = [3, -1, 0, 4, 3]
    private let stride = 40
    private let source = integers(5 * 40, seed: 1)
    private let filler = integers(40, seed: 2)

    /// What the indexed rows hold.
    private func expected(_ width: Int) -> [[Float]] {
        indices.map { index in
            let row = index < 0 ? filler[0...] : source[Int(index) * stride..<source.count]
            return row.prefix(width).map { $0 * 0.5 }
        }
    }

    /// Calls `body` with the indexed rows of a copy of the source.
    private func withRows(
        adds: Bool = false, _ body: (AttentionRows) -> Void
    ) -> (matrix: [Float], filler: [Float]) {
        var (matrix, filler) = (source, filler)
        matrix.withUnsafeMutableBufferPointer { matrix in
            filler.withUnsafeMutableBufferPointer { filler in
                indices.withUnsafeBufferPointer { indices in
                    guard let base = matrix.baseAddress else { return }
                    var rows = AttentionRows(
                        base, stride: stride, indices: indices.baseAddress, count: indices.count)
                    rows.filler = filler.baseAddress
                    rows.adds = adds
                    body(rows)
                }
            }
        }
        return (matrix, filler)
    }

    @Test(arguments: runnableSets, widths) func rowsAreGathered(
        set: InstructionSet, width: Int
    ) throws {
        let kernels = try table(set)
        var y = [Float](repeating: 77, count: 5 * width + 1)
        var panels = [Float](repeating: 77, count: 5 * 64)
        var whole = panels
        _ = withRows { rows in
            kernels.attention.gather(
                rows, &y, AttentionCopy(width: width, stride: width, factor: 0.5))
            kernels.attention.gatherPanels(
                rows, &panels, AttentionCopy(width: width, stride: 0, factor: 0.5))
        }
        #expect(y == expected(width).flatMap { $0 } + [77])
        kernels.matrix.packRows(y, &whole, PanelCopy(sourceStride: width, depth: 5, columns: width))
        #expect(panels == whole)
    }

    @Test(arguments: runnableSets, widths) func rowsAreScattered(
        set: InstructionSet, width: Int
    ) throws {
        let kernel = try table(set).attention.scatter
        let x = integers(5 * width, seed: 3)
        let factors: [Float] = [1, 2, 4, 8, 16]
        for adds in [false, true] {
            let result = withRows(adds: adds) {
                kernel(x, factors, $0, AttentionCopy(width: width, stride: width, factor: 0.5))
            }
            var (matrix, filler) = (source, filler)
            for (row, index) in indices.enumerated() {
                for c in 0..<width {
                    let value = x[row * width + c] * factors[row] * 0.5
                    if index < 0 {
                        filler[c] += value
                    } else {
                        let place = Int(index) * stride + c
                        matrix[place] = value + (adds ? matrix[place] : 0)
                    }
                }
            }
            #expect(result.matrix == matrix && result.filler == filler)
        }
    }

    @Test(arguments: runnableSets, widths + [49, 64, 65]) func softmaxAndItsPullbackFollowFormulas(
        set: InstructionSet, keys: Int
    ) throws {
        let kernels = try table(set)
        let lanes = kernels.matrix.vectorWidth
        let tile = AttentionTile(rows: 3, keys: keys, stride: (keys + lanes - 1) / lanes * lanes)
        let scores = integers(3 * tile.stride, seed: 4)
        var gradients = integers(3 * tile.stride, seed: 5)
        for row in 0..<3 {
            for key in keys..<tile.stride { gradients[row * tile.stride + key] = 0 }
        }
        var (p, dp) = (scores, gradients)
        var inverse = [Float](repeating: 0, count: 3)
        kernels.attention.softmax(&p, &inverse, tile)
        kernels.attention.softmaxPullback(&p, &dp, inverse, tile)
        for row in 0..<3 {
            let places = (0..<keys).map { row * tile.stride + $0 }
            let numerators = places.map { exp(Double(scores[$0])) }
            let sum = numerators.reduce(0, +)
            let dot = zip(places, numerators).reduce(0.0) {
                $0 + $1.1 / sum * Double(gradients[$1.0])
            }
            for (place, numerator) in zip(places, numerators) {
                #expect(abs(Double(p[place]) - numerator / sum) <= 2e-7)
                let slope = numerator / sum * (Double(gradients[place]) - dot)
                #expect(abs(Double(dp[place]) - slope) <= 2e-6)
            }
            for key in keys..<tile.stride {
                #expect(p[row * tile.stride + key] == 0 && dp[row * tile.stride + key] == 0)
            }
        }
    }
}
