import Foundation
import Tensors
import Testing

/// A case of attention: heads, widths, map and windows.
struct AttentionCase: CustomTestStringConvertible, Sendable {
    var samples = 2
    let heads: Int
    let keyWidth: Int
    let valueWidth: Int
    let height: Int
    let width: Int
    var window: Int?

    var testDescription: String {
        "\(heads) heads of \(keyWidth), \(valueWidth) on \(height)x\(width), windows \(window ?? 0)"
    }

    var features: Int { heads * (2 * keyWidth + valueWidth) }
    var input: Tensor { randomTensor([samples, height, width, features], seed: 11) }
    var padding: Tensor { randomTensor([features], seed: 12) }
    var operation: SelfAttention {
        SelfAttention(heads: heads, keyWidth: keyWidth, valueWidth: valueWidth, window: window)
    }

    /// The formula, pixel by pixel: `x [N, H, W, features]` and what stands in the padding.
    func reference(_ x: [Double], padding: [Double]) -> [Double] {
        var y = [Double](repeating: 0, count: samples * height * width * heads * valueWidth)
        forEachWindow { positions in
            for head in 0..<heads {
                let v = 2 * heads * keyWidth + head * valueWidth
                for case let query? in positions {
                    let p = probabilities(x, padding, positions, query: query, head: head)
                    for c in 0..<valueWidth {
                        y[(query * heads + head) * valueWidth + c] = zip(positions, p).reduce(0) {
                            $0 + ($1.0.map { x[$0 * features + v + c] } ?? padding[v + c]) * $1.1
                        }
                    }
                }
            }
        }
        return y
    }

    /// Calls `body` with the positions of each window, nil in the padding.
    private func forEachWindow(_ body: ([Int?]) -> Void) {
        let (rows, columns) = (window ?? height, window ?? width)
        for sample in 0..<samples {
            for top in stride(from: 0, to: height, by: rows) {
                for left in stride(from: 0, to: width, by: columns) {
                    body(
                        (0..<rows * columns).map { index in
                            let (row, column) = (top + index / columns, left + index % columns)
                            let isInside = row < height && column < width
                            return isInside ? (sample * height + row) * width + column : nil
                        })
                }
            }
        }
    }

    /// Softmax of the scores of a query; without numbers for the padding it is 0.
    private func probabilities(
        _ x: [Double], _ padding: [Double]?, _ positions: [Int?], query: Int, head: Int
    ) -> [Double] {
        let (q, k) = (query * features + head * keyWidth, (heads + head) * keyWidth)
        let scores = positions.map { key in
            (0..<keyWidth).reduce(0.0) { sum, c in
                let value = key.map { x[$0 * features + k + c] } ?? padding?[k + c] ?? 0
                return sum + x[q + c] * value
            } / Double(keyWidth).squareRoot()
        }
        let largest = scores.max() ?? 0
        let numerators = scores.map { exp($0 - largest) }
        let sum = numerators.reduce(0, +)
        return numerators.map { $0 / sum }
    }

    /// The gradient of `x` by the formulas of attention, padding being 0.
    func gradient(_ x: [Double], _ dy: [Double]) -> [Double] {
        var dx = [Double](repeating: 0, count: x.count)
        forEachWindow { positions in
            for head in 0..<heads {
                for case let query? in positions {
                    addGradient(x, dy, positions, query: query, head: head, to: &dx)
                }
            }
        }
        return dx
    }

    private func addGradient(
        _ x: [Double], _ dy: [Double], _ positions: [Int?], query: Int, head: Int,
        to dx: inout [Double]
    ) {
        let (q, k) = (query * features + head * keyWidth, (heads + head) * keyWidth)
        let v = 2 * heads * keyWidth + head * valueWidth
        let scale = 1 / Double(keyWidth).squareRoot()
        let output = (query * heads + head) * valueWidth
        let p = probabilities(x, nil, positions, query: query, head: head)
        let dp = positions.map { key in
            guard let key else { return 0.0 }
            return (0..<valueWidth).reduce(0.0) {
                $0 + dy[output + $1] * x[key * features + v + $1]
            }
        }
        let mean = zip(p, dp).reduce(0.0) { $0 + $1.0 * $1.1 }
        for (index, key) in positions.enumerated() {
            guard let key else { continue }
            let ds = p[index] * (dp[index] - mean) * scale
            for c in 0..<keyWidth {
                dx[q + c] += ds * x[key * features + k + c]
                dx[key * features + k + c] += ds * x[q + c]
            }
            for c in 0..<valueWidth {
                dx[key * features + v + c] += p[index] * dy[output + c]
            }
        }
    }
}

/// Softmax attention against its formula in double precision.
@Suite struct SelfAttentionTests {
    /// Unit, odd and prime sizes; several tiles of queries; keys unlike values.
    static let whole = [
        AttentionCase(heads: 1, keyWidth: 1, valueWidth: 1, height: 1, width: 1),
        AttentionCase(heads: 3, keyWidth: 4, valueWidth: 4, height: 3, width: 3),
        AttentionCase(
            samples: 1, heads: 1, keyWidth: 7, valueWidth: 13, height: 3, width: 5),
        AttentionCase(
            samples: 1, heads: 2, keyWidth: 2, valueWidth: 17, height: 1, width: 7),
        AttentionCase(
            samples: 1, heads: 1, keyWidth: 17, valueWidth: 1, height: 2, width: 2),
    ]
    /// Windows that fit and windows that reach beyond the map.
    static let windowed = [
        AttentionCase(heads: 1, keyWidth: 1, valueWidth: 1, height: 1, width: 1, window: 3),
        AttentionCase(heads: 3, keyWidth: 2, valueWidth: 2, height: 4, width: 6, window: 2),
        AttentionCase(
            samples: 1, heads: 2, keyWidth: 3, valueWidth: 5, height: 5, width: 3, window: 4),
        AttentionCase(
            samples: 1, heads: 1, keyWidth: 5, valueWidth: 3, height: 2, width: 8, window: 7),
    ]
    /// As many queries and keys as make several tiles.
    static let long = [
        AttentionCase(samples: 1, heads: 1, keyWidth: 16, valueWidth: 48, height: 14, width: 14),
        AttentionCase(samples: 1, heads: 2, keyWidth: 32, valueWidth: 32, height: 7, width: 7),
        AttentionCase(
            samples: 1, heads: 1, keyWidth: 17, valueWidth: 19, height: 13, width: 29, window: 12),
        AttentionCase(samples: 1, heads: 1, keyWidth: 2, valueWidth: 3, height: 29, width: 31),
    ]

    @Test(arguments: whole) func attentionOfAMapFollowsItsFormula(setting: AttentionCase) {
        let zeros = [Double](repeating: 0, count: setting.features)
        let check = GradientCheck { setting.reference($0[0], padding: zeros) }
        check.expectAgreement([setting.input]) { setting.operation($0[0]) }
    }

    @Test(arguments: windowed) func attentionInWindowsFollowsItsFormula(setting: AttentionCase) {
        let check = GradientCheck { setting.reference($0[0], padding: $0[1]) }
        check.expectAgreement([setting.input, setting.padding]) {
            setting.operation($0[0], $0[1])
        }
    }

    @Test func paddingWithoutNumbersIsZero() {
        let setting = AttentionCase(
            heads: 2, keyWidth: 3, valueWidth: 4, height: 5, width: 7, window: 3)
        let zeros = Tensor(shape: [setting.features], repeating: 0)
        #expect(
            setting.operation(setting.input).elements
                == setting.operation(setting.input, zeros).elements)
    }

    @Test(arguments: long) func longRowsFollowTheFormulas(setting: AttentionCase) {
        let (x, sink) = (setting.input, GradientSink())
        let (y, tape) = Tape.record { setting.operation(x.leaf(sink)) }
        let zeros = [Double](repeating: 0, count: setting.features)
        let values = x.elements.map(Double.init)
        #expect(relativeError(y.elements, setting.reference(values, padding: zeros)) <= 3e-6)
        let dy = randomTensor(y.shape, seed: 13)
        tape.backward(from: [(y, dy)])
        let expected = setting.gradient(values, dy.elements.map(Double.init))
        #expect(relativeError(sink.value?.elements ?? [], expected) <= 1e-5)
    }

    @Test func largeScoresSaturate() {
        let x = randomTensor([1, 6, 1, 3 * 4], seed: 3).multiplied(by: 300)
        let y = SelfAttention(heads: 1, keyWidth: 4, valueWidth: 4)(x)
        #expect(y.elements.allSatisfy { $0.isFinite })
    }

    @Test(arguments: [whole[0], windowed[2]]) func bitsDoNotDependOnThreads(
        setting: AttentionCase
    ) {
        let long = AttentionCase(
            heads: 3, keyWidth: 16, valueWidth: 24, height: 19, width: 17, window: setting.window)
        expectSameBitsForAnyThreadCount {
            valuesAndGradients([long.input, long.padding]) { long.operation($0[0], $0[1]) }
        }
    }

    @Test(arguments: [windowed[1], windowed[2], whole[2]]) func planGivesWhatTheTapeGives(
        setting: AttentionCase
    ) {
        PlanCase([setting.input.shape]) { [setting.operation($0[0], setting.padding)] }.check()
    }
}

/// Attention among channels against its formula in double precision.
@Suite struct ChannelAttentionTests {
    /// `x [N, L, 3 C]` to `[N, L, C]`.
    private static func reference(
        _ x: [Double], samples: Int, rows: Int, heads: Int, channels: Int
    ) -> [Double] {
        let width = channels / heads
        var y = [Double](repeating: 0, count: samples * rows * channels)
        for unit in 0..<samples * heads {
            func value(_ row: Int, _ part: Int, _ c: Int) -> Double {
                let position = unit / heads * rows + row
                return x[(position * 3 + part) * channels + unit % heads * width + c]
            }
            for i in 0..<width {
                let scores = (0..<width).map { j in
                    (0..<rows).reduce(0.0) { $0 + value($1, 1, i) * value($1, 2, j) }
                        / Double(width).squareRoot()
                }
                let numerators = scores.map { exp($0 - (scores.max() ?? 0)) }
                let sum = numerators.reduce(0, +)
                for row in 0..<rows {
                    let weighted = (0..<width).reduce(0.0) {
                        $0 + numerators[$1] / sum * value(row, 0, $1)
                    }
                    let position = unit / heads * rows + row
                    y[position * channels + unit % heads * width + i] = weighted
                }
            }
        }
        return y
    }

    @Test(arguments: [
        [1, 1, 1, 1], [2, 7, 3, 12], [1, 7, 1, 17], [2, 1, 2, 6], [1, 3, 1, 33],
    ])
    func attentionFollowsItsFormula(sizes: [Int]) {
        let check = GradientCheck {
            Self.reference(
                $0[0], samples: sizes[0], rows: sizes[1], heads: sizes[2], channels: sizes[3])
        }
        let x = randomTensor([sizes[0], sizes[1], 3 * sizes[3]], seed: 21)
        check.expectAgreement([x], relative: 5e-6) { ChannelAttention(heads: sizes[2])($0[0]) }
    }

    @Test(arguments: [[1, 449, 3, 96], [2, 1000, 2, 10]]) func blocksOfRowsAreAddedUp(
        sizes: [Int]
    ) {
        let x = randomTensor([sizes[0], sizes[1], 3 * sizes[3]], seed: 22).multiplied(by: 0.2)
        let expected = Self.reference(
            x.elements.map(Double.init), samples: sizes[0], rows: sizes[1], heads: sizes[2],
            channels: sizes[3])
        #expect(relativeError(ChannelAttention(heads: sizes[2])(x).elements, expected) <= 1e-5)
    }

    @Test func bitsDoNotDependOnThreads() {
        let x = randomTensor([2, 30, 31, 3 * 24], seed: 23)
        expectSameBitsForAnyThreadCount {
            valuesAndGradients([x]) { ChannelAttention(heads: 3)($0[0]) }
        }
    }

    @Test func planGivesWhatTheTapeGives() {
        PlanCase([[2, 5, 7, 3 * 12]]) { [ChannelAttention(heads: 2)($0[0])] }.check()
    }
}
