import KernelInterface
import Tensors
import Testing

/// Kernels with something of its own for each row, of both copies, against plain loops.
@Suite struct PositionKernelsTests {
    private static let rows = 3
    static let widths = [1, 2, 7, 8, 9, 15, 16, 17, 33, 64]

    private func extent(_ channels: Int) -> RowExtent {
        RowExtent(rows: Self.rows, channels: channels)
    }

    private func filled(_ count: Int, _ write: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        var y = [Float](repeating: 77, count: count + 4)
        y.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { write(base) }
        }
        #expect(y.suffix(4).allSatisfy { $0 == 77 }, "nothing is written past the end")
        return Array(y.prefix(count))
    }

    @Test(arguments: runnableSets, widths) func productsAreExactOnIntegers(
        set: InstructionSet, channels: Int
    ) throws {
        let kernels = try table(set).position
        let count = Self.rows * channels
        let (a, b) = (integers(count, seed: 1), integers(count, seed: 2))
        let s = integers(Self.rows, seed: 3)
        let rows = (0..<Self.rows).map { $0 * channels..<($0 + 1) * channels }
        let dots = filled(Self.rows) { kernels.dot(a, b, $0, extent(channels)) }
        #expect(dots == rows.map { row in row.reduce(0) { $0 + a[$1] * b[$1] } })
        let scaled = filled(count) { kernels.scale(a, s, $0, extent(channels)) }
        #expect(scaled == a.indices.map { a[$0] * s[$0 / channels] })
        let blended = filled(count) { kernels.blend(a, b, s, $0, extent(channels)) }
        #expect(blended == a.indices.map { a[$0] + s[$0 / channels] * (b[$0] - a[$0]) })
        var sums = a
        kernels.accumulate(b, 3, &sums, count)
        #expect(sums == a.indices.map { a[$0] + 3 * b[$0] })
    }

    @Test(arguments: runnableSets, widths) func summaryIsMeanAndMaximum(
        set: InstructionSet, channels: Int
    ) throws {
        let kernels = try table(set).position
        let x = integers(Self.rows * channels, seed: 4)
        let dy = integers(2 * Self.rows, seed: 5)
        let y = filled(2 * Self.rows) { kernels.summary(x, $0, extent(channels)) }
        let dx = filled(x.count) { kernels.summaryPullback(dy, x, $0, extent(channels)) }
        for row in 0..<Self.rows {
            let values = Array(x[row * channels..<(row + 1) * channels])
            #expect(abs(y[2 * row] - values.reduce(0, +) / Float(channels)) < 1e-5)
            #expect(y[2 * row + 1] == values.max())
            let top = values.firstIndex(of: y[2 * row + 1])
            for c in 0..<channels {
                let expected = dy[2 * row] / Float(channels) + (c == top ? dy[2 * row + 1] : 0)
                #expect(abs(dx[row * channels + c] - expected) < 1e-5)
            }
        }
    }

    /// Three maps, their gates, the weights of the rows and a gradient; integers.
    private struct Choice {
        let channels: Int
        let maps: [Tensor]
        let gates: [Tensor]
        let weights: Tensor
        let dy: Tensor

        init(channels: Int) {
            func tensor(_ count: Int, _ seed: UInt64) -> Tensor {
                Tensor(shape: [count], integers(count, seed: seed))
            }
            self.channels = channels
            maps = (10..<13).map { tensor(PositionKernelsTests.rows * channels, $0) }
            gates = (20..<23).map { tensor(channels, $0) }
            weights = tensor(3 * PositionKernelsTests.rows, 30)
            dy = tensor(PositionKernelsTests.rows * channels, 31)
        }

        func map(_ k: Int) -> SelectionMap {
            SelectionMap(x: maps[k].storage.pointer, gates: gates[k].storage.pointer)
        }

        /// What a map gives to an element of the choice.
        func product(_ k: Int, _ i: Int) -> Float {
            maps[k].elements[i] * gates[k].elements[i % channels]
                * weights.elements[3 * (i / channels) + k]
        }
    }

    @Test(arguments: runnableSets, widths) func choiceIsExactOnIntegers(
        set: InstructionSet, channels: Int
    ) throws {
        let kernels = try table(set).position
        let choice = Choice(channels: channels)
        let y = filled(Self.rows * channels) { y in
            kernels.select(
                SelectionOperands(
                    first: choice.map(0), second: choice.map(1), third: choice.map(2),
                    weights: choice.weights.storage.pointer), y, extent(channels))
        }
        withExtendedLifetime(choice) {
            #expect(
                y == y.indices.map { i in (0..<3).reduce(0) { $0 + choice.product($1, i) } })
        }
    }

    @Test(arguments: runnableSets, widths) func gradientsOfAChoiceAreExactOnIntegers(
        set: InstructionSet, channels: Int
    ) throws {
        let kernels = try table(set).position
        let choice = Choice(channels: channels)
        let (k, count) = (1, Self.rows * channels)
        var dGates: [Float] = []
        var dWeights: [Float] = []
        let dx = filled(count) { dx in
            dGates = filled(channels) { dGates in
                dWeights = filled(3 * Self.rows) { dWeights in
                    let branch = SelectionBranch(
                        map: choice.map(k), weights: choice.weights.storage.pointer + k, dx: dx,
                        dGates: dGates, dWeights: dWeights + k)
                    kernels.selectPullback(choice.dy.storage.pointer, branch, extent(channels))
                }
            }
        }
        let (x, g) = (choice.maps[k].elements, choice.gates[k].elements)
        let (s, dy) = (choice.weights.elements, choice.dy.elements)
        var sums = [Float](repeating: 0, count: channels)
        var rows = [Float](repeating: 77, count: 3 * Self.rows)
        for row in 0..<Self.rows { rows[3 * row + k] = 0 }
        for i in 0..<count {
            let (row, c) = (i / channels, i % channels)
            #expect(dx[i] == dy[i] * g[c] * s[3 * row + k])
            sums[c] += dy[i] * x[i] * s[3 * row + k]
            rows[3 * row + k] += dy[i] * x[i] * g[c]
        }
        #expect(dGates == sums)
        #expect(dWeights == rows)
    }

    @Test(arguments: runnableSets, widths) func mixtureIsBilinear(
        set: InstructionSet, channels: Int
    ) throws {
        let kernels = try table(set).position
        let upper = integers(3 * channels, seed: 40)
        let lower = integers(3 * channels, seed: 41)
        // Weights in quarters: everything is exact.
        let y = filled(channels) { y in
            upper.withUnsafeBufferPointer { upper in
                lower.withUnsafeBufferPointer { lower in
                    guard let a = upper.baseAddress, let b = lower.baseAddress else { return }
                    kernels.mixPixels(
                        PixelMixture(
                            upper: a, lower: b, step: 2 * channels, rowWeight: 0.25,
                            columnWeight: 0.75), y, channels)
                }
            }
        }
        for c in 0..<channels {
            let (left, right) = (
                0.75 * upper[c] + 0.25 * lower[c],
                0.75 * upper[2 * channels + c] + 0.25 * lower[2 * channels + c]
            )
            #expect(y[c] == 0.25 * left + 0.75 * right)
        }
    }
}
