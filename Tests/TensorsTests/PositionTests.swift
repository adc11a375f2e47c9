import Tensors
import Testing

/// Operations with one number a position against their formulas.
@Suite struct PositionTests {
    @Test(arguments: [1, 5, 16, 19]) func dotSumsOverChannels(count: Int) {
        let shape: Shape = [2, 2, 3, count]
        let check = GradientCheck { x in
            (0..<12).map { row in
                (0..<count).reduce(0.0) { $0 + x[0][row * count + $1] * x[1][row * count + $1] }
            }
        }
        check.expectAgreement([randomTensor(shape, seed: 1), randomTensor(shape, seed: 2)]) {
            $0[0].positionDot($0[1])
        }
    }

    @Test(arguments: [1, 5, 16, 19]) func blendMovesFromOneMapToTheOther(count: Int) {
        let shape: Shape = [2, 2, 2, count]
        let check = GradientCheck { x in
            (0..<8 * count).map { i in
                let s = x[2][i / count]
                return (1 - s) * x[0][i] + s * x[1][i]
            }
        }
        let inputs = [
            randomTensor(shape, seed: 1), randomTensor(shape, seed: 2),
            randomTensor([2, 2, 2, 1], seed: 3),
        ]
        check.expectAgreement(inputs) { $0[0].blended(with: $0[1], by: $0[2]) }
    }

    @Test(arguments: [1, 5, 16, 19]) func summaryIsMeanAndMaximum(count: Int) {
        let check = GradientCheck { x in
            (0..<12).flatMap { row -> [Double] in
                let values = x[0][row * count..<(row + 1) * count]
                return [values.reduce(0, +) / Double(count), values.max() ?? 0]
            }
        }
        check.expectAgreement([randomTensor([2, 2, 3, count], seed: 1)]) { $0[0].channelSummary() }
    }

    @Test(arguments: [1, 5, 16, 19]) func choiceFollowsItsFormula(count: Int) {
        let check = GradientCheck { x in
            (0..<12 * count).map { i -> Double in
                let (row, c) = (i / count, i % count)
                let gate = row / 6 * count + c
                return (0..<3).reduce(0.0) { sum, k in
                    sum + x[k][i] * x[3 + k][gate] * x[6][3 * row + k]
                }
            }
        }
        let maps = (0..<3).map { randomTensor([2, 2, 3, count], seed: 10 + $0) }
        let gates = (0..<3).map { randomTensor([2, 1, 1, count], seed: 20 + $0) }
        check.expectAgreement(maps + gates + [randomTensor([2, 2, 3, 3], seed: 30)]) {
            MapSelection().apply(to: $0)
        }
    }

    @Test func bitsDoNotDependOnThreads() {
        let maps = (0..<3).map { randomTensor([2, 40, 50, 24], seed: 10 + $0) }
        let gates = (0..<3).map { randomTensor([2, 24], seed: 20 + $0) }
        let weights = randomTensor([2, 40, 50, 3], seed: 30)
        expectSameBitsForAnyThreadCount {
            valuesAndGradients(maps + gates + [weights]) { MapSelection().apply(to: $0) }
        }
    }
}

@Suite struct BilinearResamplingTests {
    @Test(
        arguments: [(5, 7), (13, 17), (3, 4), (2, 1), (1, 1), (40, 3)],
        [SamplingGrid.areas, .corners])
    func gradientIsTheTransposedMap(size: (Int, Int), grid: SamplingGrid) {
        // The map is linear: <dy, A x> = <A^T dy, x> for every x is what a gradient must hold.
        let x = randomTensor([2, 5, 7, 19], seed: 1)
        let sink = GradientSink()
        let (y, tape) = Tape.record {
            x.leaf(sink).resampledBilinear(height: size.0, width: size.1, grid: grid)
        }
        let dy = randomTensor(y.shape, seed: 2)
        tape.backward(from: [(y, dy)])
        let probe = randomTensor(x.shape, seed: 3)
        let image = probe.resampledBilinear(height: size.0, width: size.1, grid: grid)
        func dot(_ a: [Float], _ b: [Float]) -> Double {
            zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let forward = dot(dy.elements, image.elements)
        let backward = dot(sink.value?.elements ?? [], probe.elements)
        #expect(abs(forward - backward) < 1e-5 * Double(y.count).squareRoot())
    }

    @Test func sameSizeIsTheIdentity() {
        let x = randomTensor([1, 6, 5, 8], seed: 1)
        for grid in [SamplingGrid.areas, .corners] {
            #expect(x.resampledBilinear(height: 6, width: 5, grid: grid).elements == x.elements)
        }
    }

    @Test func onePixelIsSpread() {
        let x = randomTensor([1, 1, 1, 3], seed: 1)
        let y = x.resampledBilinear(height: 4, width: 2)
        #expect(y.elements == (0..<8).flatMap { _ in x.elements })
    }
}
