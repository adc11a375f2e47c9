import Foundation
import Tensors
import Testing

/// Softmax of rows of `count` in double precision.
private func softmax(_ x: [Double], _ count: Int) -> [Double] {
    stride(from: 0, to: x.count, by: count).flatMap { start in
        let row = x[start..<start + count].map { exp($0) }
        return row.map { $0 / row.reduce(0, +) }
    }
}

@Suite struct ReductionTests {
    @Test(arguments: [1, 2, 8, 15, 16, 17, 40]) func softmaxFollowsItsFormula(count: Int) {
        GradientCheck { softmax($0[0], count) }
            .expectAgreement([randomTensor([3, count], seed: 1)]) { $0[0].softmax() }
    }

    @Test func softmaxStandsLargeLogits() {
        let y = Tensor(shape: [1, 3], [1000, 1000, -1000]).softmax()
        #expect(y.elements == [0.5, 0.5, 0])
    }

    @Test(arguments: [0, 0.1]) func crossEntropyFollowsItsFormula(smoothing: Double) {
        let (count, labels) = (5, [3, 0, 4])
        let check = GradientCheck { x in
            let p = softmax(x[0], count)
            let losses = labels.enumerated().map { sample, label in
                (0..<count).reduce(0.0) { sum, c in
                    let target = smoothing / 5 + (c == label ? 1 - smoothing : 0)
                    return sum - target * log(p[sample * count + c])
                }
            }
            return [losses.reduce(0, +) / 3]
        }
        check.expectAgreement([randomTensor([3, count], seed: 1)]) {
            crossEntropy($0[0], labels: labels, labelSmoothing: Float(smoothing))
        }
    }

    @Test(arguments: [1, 63, 64, 65, 5000]) func sumAddsEveryElement(count: Int) {
        let x = randomTensor([count], seed: 1)
        let exact = x.elements.reduce(0.0) { $0 + Double($1) }
        #expect(abs(Double(x.sum().scalar) - exact) < 1e-6 * Double(count))
        let gradients = valuesAndGradients([x]) { $0[0].sum() }
        #expect(Set(gradients[1].elements).count == 1)
    }

    @Test(arguments: [1, 9, 16, 33]) func meanOverPositionsFollowsItsFormula(count: Int) {
        let check = GradientCheck { x in
            (0..<2 * count).map { i -> Double in
                let first = i / count * 6 * count + i % count
                var total = 0.0
                for position in 0..<6 { total += x[0][first + position * count] }
                return total / 6
            }
        }
        check.expectAgreement([randomTensor([2, 2, 3, count], seed: 1)]) {
            $0[0].meanOverPositions()
        }
    }

    @Test(arguments: [(4, 6), (5, 7), (2, 3), (3, 2), (1, 1)])
    func nearestResamplingTakesTheFloor(height: Int, width: Int) {
        let sources = (0..<2 * height * width * 3).map { i -> Int in
            let (pixel, c) = (i / 3, i % 3)
            let (line, column) = (pixel / width, pixel % width)
            let (n, row) = (line / height, line % height)
            let source = (n * 2 + row * 2 / height) * 3 + column * 3 / width
            return source * 3 + c
        }
        let check = GradientCheck { x in sources.map { x[0][$0] } }
        check.expectAgreement([randomTensor([2, 2, 3, 3], seed: 1)]) {
            $0[0].upsampledNearest(height: height, width: width)
        }
    }

    @Test(arguments: [1, 2, 5, 6]) func subsamplingKeepsEvenPixels(size: Int) {
        let half = (size + 1) / 2
        let sources = (0..<half * half * 2).map { i -> Int in
            let (row, column) = (i / 2 / half, i / 2 % half)
            return (2 * row * size + 2 * column) * 2 + i % 2
        }
        let check = GradientCheck { x in sources.map { x[0][$0] } }
        check.expectAgreement([randomTensor([1, size, size, 2], seed: 1)]) { $0[0].subsampled() }
    }

    @Test func reshapingKeepsElementsAndGradients() {
        let x = randomTensor([2, 3, 4], seed: 1)
        GradientCheck { $0[0] }.expectAgreement([x]) { $0[0].reshaped([6, 4]).reshaped([24]) }
        #expect(x.reshaped([4, 6]).elements == x.elements)
    }
}
