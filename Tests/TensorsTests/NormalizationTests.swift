import Tensors
import Testing

/// `(x - mean) / sqrt(variance + epsilon) w + b`, statistics over elements with the same key.
private func normalized(
    _ x: [Double], _ w: [Double], _ b: [Double], epsilon: Double, key: (Int) -> Int
) -> [Double] {
    var groups: [Int: [Int]] = [:]
    for i in x.indices { groups[key(i), default: []].append(i) }
    var y = x
    for members in groups.values {
        let mean = members.reduce(0) { $0 + x[$1] } / Double(members.count)
        let squares = members.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) }
        let deviation = (squares / Double(members.count) + epsilon).squareRoot()
        for i in members { y[i] = (x[i] - mean) / deviation * w[i % w.count] + b[i % w.count] }
    }
    return y
}

@Suite struct NormalizationTests {
    private func operands(_ shape: Shape) -> [Tensor] {
        let c = shape.channels
        return [
            randomTensor(shape, seed: 1), randomTensor([c], seed: 2), randomTensor([c], seed: 3),
        ]
    }

    @Test(arguments: [1, 7, 8, 9, 16, 17, 40]) func trainingBatchNormFollowsItsFormula(count: Int) {
        let check = GradientCheck { x in
            normalized(x[0], x[1], x[2], epsilon: 1e-5) { $0 % count }
        }
        check.expectAgreement(operands([2, 3, 2, count]), relative: 1e-5) {
            $0[0].batchNormalizedInTraining($0[1], $0[2], epsilon: 1e-5).output
        }
    }

    /// By groups of channels, by blocks of rows, and so small that nothing is cut.
    static let maps: [Shape] = [[5, 70], [20, 15, 3], [3, 2, 4]]

    @Test(arguments: maps) func batchNormIsCutByChannelsOrRows(shape: Shape) {
        let check = GradientCheck { x in
            normalized(x[0], x[1], x[2], epsilon: 1e-5) { $0 % shape.channels }
        }
        check.expectAgreement(operands(shape), relative: 1e-5) {
            $0[0].batchNormalizedInTraining($0[1], $0[2], epsilon: 1e-5).output
        }
    }

    @Test(arguments: maps) func reluEndsBatchNorm(shape: Shape) {
        let check = GradientCheck { x in
            normalized(x[0], x[1], x[2], epsilon: 1e-5) { $0 % shape.channels }.map { max($0, 0) }
        }
        check.expectAgreement(operands(shape), relative: 1e-5) {
            $0[0].batchNormalizedInTraining(
                $0[1], $0[2], epsilon: 1e-5, ending: .rectified
            ).output
        }
    }

    @Test(arguments: maps) func aSumEndsBatchNorm(shape: Shape) {
        let check = GradientCheck { x in
            let y = normalized(x[0], x[1], x[2], epsilon: 1e-5) { $0 % shape.channels }
            return zip(y, x[3]).map { $0 + $1 }
        }
        check.expectAgreement(
            operands(shape) + [randomTensor(shape, seed: 4)], relative: 1e-5
        ) {
            $0[0].batchNormalizedInTraining(
                $0[1], $0[2], epsilon: 1e-5, ending: .added(to: $0[3])
            ).output
        }
    }

    @Test(arguments: [5000, 250]) func statisticsStandALargeMean(rows: Int) {
        let noise = randomTensor([rows, 3], seed: 5)
        let x = Tensor(shape: [rows, 3], noise.elements.map { $0 + 1000 })
        let (w, b) = (Tensor(shape: [3], repeating: 1), Tensor(shape: [3], repeating: 0))
        let result = x.batchNormalizedInTraining(w, b, epsilon: 0)
        let values = x.elements.map(Double.init)
        for c in 0..<3 {
            let column = (0..<rows).map { values[$0 * 3 + c] }
            let mean = column.reduce(0, +) / Double(rows)
            let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
            #expect(abs(Double(result.mean.elements[c]) / mean - 1) < 1e-7)
            #expect(abs(Double(result.variance.elements[c]) / variance - 1) < 1e-5)
        }
    }

    @Test(arguments: [1, 9, 33]) func inferenceBatchNormFollowsItsFormula(count: Int) {
        let mean = randomTensor([count], seed: 7)
        let variance = Tensor(
            shape: [count], randomTensor([count], seed: 8).elements.map { $0 + 1 })
        let (m, v) = (mean.elements.map(Double.init), variance.elements.map(Double.init))
        let check = GradientCheck { x in
            x[0].indices.map { i in
                let c = i % count
                return (x[0][i] - m[c]) / (v[c] + 1e-3).squareRoot() * x[1][c] + x[2][c]
            }
        }
        check.expectAgreement(operands([3, 5, count])) {
            $0[0].batchNormalized(
                $0[1], $0[2], mean: mean, variance: variance, epsilon: 1e-3)
        }
    }

    @Test(arguments: [2, 7, 8, 9, 16, 17, 50]) func layerNormFollowsItsFormula(count: Int) {
        let check = GradientCheck { x in
            normalized(x[0], x[1], x[2], epsilon: 1e-6) { $0 / count }
        }
        check.expectAgreement(operands([3, 4, count]), relative: 2e-5) {
            $0[0].layerNormalized($0[1], $0[2], epsilon: 1e-6)
        }
    }

    @Test(arguments: [(1, 6), (3, 12), (4, 36), (17, 17)]) func groupNormFollowsItsFormula(
        groups: Int, count: Int
    ) {
        let (positions, width) = (6, count / groups)
        let check = GradientCheck { x in
            normalized(x[0], x[1], x[2], epsilon: 1e-5) {
                $0 / (positions * count) * groups + $0 % count / width
            }
        }
        check.expectAgreement(operands([2, 2, 3, count]), relative: 1e-5) {
            $0[0].groupNormalized($0[1], $0[2], groups: groups, epsilon: 1e-5)
        }
    }

    @Test func anEmptyBatchHasNoStatistics() {
        let result = Tensor(shape: [0, 3], []).batchNormalizedInTraining(
            Tensor(shape: [3], repeating: 1), Tensor(shape: [3], repeating: 2), epsilon: 1)
        #expect(result.output.count == 0)
        #expect(result.mean.elements + result.variance.elements == [0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: [[2, 100, 90], [2, 300, 40], [3, 4000, 5]] as [Shape])
    func bitsOfBatchNormDoNotDependOnThreads(shape: Shape) {
        expectSameBitsForAnyThreadCount {
            valuesAndGradients(operands(shape)) {
                $0[0].batchNormalizedInTraining(
                    $0[1], $0[2], epsilon: 1e-5, ending: .rectified
                ).output
            }
        }
    }

    @Test func bitsDoNotDependOnThreads() {
        let x = operands([2, 40, 41, 20])
        expectSameBitsForAnyThreadCount {
            valuesAndGradients(x) {
                $0[0].batchNormalizedInTraining($0[1], $0[2], epsilon: 1e-5).output
            } + valuesAndGradients(x) { $0[0].layerNormalized($0[1], $0[2], epsilon: 1e-5) }
                + valuesAndGradients(x) {
                    $0[0].groupNormalized($0[1], $0[2], groups: 4, epsilon: 1e-5)
                }
        }
    }
}
