import Foundation
import KernelInterface
import Tensors
import Testing

/// Numbers of the pixels of each region of a map that the regions fill.
private func pixels(_ grid: RegionGrid) -> [[Int]] {
    let (height, width) = (grid.region.height, grid.region.width)
    return (0..<grid.count).map { index in
        (0..<height * width).map { pixel in
            let row = index / grid.columns * height + pixel / width
            return row * grid.columns * width + index % grid.columns * width + pixel % width
        }
    }
}

/// Attention of one sample by its definition, in double precision.
private struct NaiveRouting {
    let queries: RegionGrid
    let keys: RegionGrid
    let widths: RoutedAttention.Widths
    let scale: Double

    // `stride` and `kvStride` elements a pixel; keys from channel `first` on, then values.
    func attend(
        _ q: [Double], stride: Int, _ kv: [Double], kvStride: Int, first: Int, _ routes: [[Int]]
    ) -> [Double] {
        let (own, other) = (pixels(queries), pixels(keys))
        let (keyWidth, valueWidth) = (widths.keys / widths.heads, widths.values / widths.heads)
        var y = [Double](repeating: 0, count: own.count * own[0].count * widths.values)
        for (region, list) in routes.enumerated() {
            let met = list.flatMap { other[$0] }
            for pixel in own[region] {
                for head in 0..<widths.heads {
                    let weights = met.map { key in
                        let sum = (0..<keyWidth).reduce(0.0) { sum, c in
                            let channel = head * keyWidth + c
                            return sum + q[pixel * stride + channel]
                                * kv[key * kvStride + first + channel]
                        }
                        return exp(scale * sum)
                    }
                    let total = weights.reduce(0, +)
                    for c in 0..<valueWidth {
                        let channel = head * valueWidth + c
                        y[pixel * widths.values + channel] = zip(met, weights).reduce(0.0) {
                            $0 + $1.1 / total * kv[$1.0 * kvStride + first + widths.keys + channel]
                        }
                    }
                }
            }
        }
        return y
    }
}

@Suite struct RegionTests {
    // MARK: - Routing

    @Test func routesFallByLogitAndEqualOnesByNumber() {
        // One mean query and key a region; the query is 1 everywhere, so logits are the keys.
        let keys: [Float] = [2, 5, 2, -1, 5, 2]
        let means = Tensor(shape: [1, 6, 2], keys.flatMap { [1, $0] })
        let routes = RegionRoutes(count: 4)(means)
        #expect(routes.shape == [1, 6, 4])
        #expect(routes.elements == [Float](repeatElement([1, 4, 0, 2], count: 6).joined()))
    }

    @Test func routesOfNothingComparableAreDistinct() {
        let means = Tensor(shape: [1, 5, 2], repeating: .nan)
        for row in 0..<5 {
            let routes = RegionRoutes(count: 3)(means).elements[row * 3..<row * 3 + 3]
            #expect(Set(routes).count == 3)
        }
    }

    @Test(arguments: [(49, 64, 16), (256, 5, 4), (9, 900, 9)])
    func routesAreTheLargestLogits(regions: Int, width: Int, count: Int) {
        let means = randomTensor([2, regions, 2 * width], seed: 1)
        let routes = RegionRoutes(count: count)(means).elements.map { Int($0) }
        let x = means.elements.map(Double.init)
        for row in 0..<2 * regions {
            let first = row / regions * regions
            let logits = (0..<regions).map { key in
                (0..<width).reduce(0.0) {
                    $0 + x[row * 2 * width + $1] * x[(first + key) * 2 * width + width + $1]
                }
            }
            let best = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(count)
            #expect(Array(routes[row * count..<(row + 1) * count]) == Array(best))
        }
    }

    @Test func logitsOfRoutesFollowTheirFormula() {
        let (regions, width) = (4, 3)
        let routes: [Float] = [1, 3, 0, 1, 2, 2, 3, 0]
        let check = GradientCheck { x in
            (0..<8).map { route in
                (0..<width).reduce(0.0) { sum, c in
                    let key = Int(routes[route]) * 2 * width + width + c
                    return sum + 0.5 * x[0][route / 2 * 2 * width + c] * x[0][key]
                }
            }
        }
        check.expectAgreement([randomTensor([1, regions, 2 * width], seed: 1)]) {
            RouteLogits(scale: 0.5)($0[0], Tensor(shape: [1, regions, 2], routes))
        }
    }

    // MARK: - Regions

    @Test(arguments: [(4, 6, 2), (5, 7, 3), (2, 2, 3)])
    func meansCountPixelsOfTheMapAlone(height: Int, width: Int, side: Int) {
        let grid = RegionGrid(side: side, height: height, width: width)
        let check = GradientCheck { x in
            (0..<side * side * 2).map { index in
                let (region, c) = (index / 2, index % 2)
                let members = (0..<height * width).filter {
                    $0 / width / grid.region.height == region / side
                        && $0 % width / grid.region.width == region % side
                }
                return members.reduce(0.0) { $0 + x[0][$1 * 3 + c] }
                    / Double(max(1, members.count))
            }
        }
        check.expectAgreement([randomTensor([1, height, width, 3], seed: 1)]) {
            $0[0].means(over: grid, channels: 2)
        }
    }

    @Test(arguments: [(RegionBins.adaptive(2), 2, 2), (.fixed(2), 1, 2), (.fixed(9), 1, 1)])
    func poolingFollowsItsFormula(bins: RegionBins, down: Int, across: Int) {
        // Regions of 3 x 4 pixels, two side by side.
        let grid = RegionGrid(side: 1, height: 3, width: 4)
        let map = RegionGrid(rows: 1, columns: 2, region: grid.region)
        func range(_ bin: Int, _ length: Int, _ count: Int) -> Range<Int> {
            switch bins {
            case .adaptive: bin * length / count..<((bin + 1) * length + count - 1) / count
            case .fixed(let size): bin * size..<min(length, (bin + 1) * size)
            }
        }
        for pool in [RegionPool.mean, .maximum] {
            let check = GradientCheck { x in
                (0..<down * 2 * across).map { index in
                    let (row, column) = (index / (2 * across), index % (2 * across))
                    let values = range(row, 3, down).flatMap { i in
                        range(column % across, 4, across).map { j in
                            x[0][i * 8 + column / across * 4 + j]
                        }
                    }
                    return pool == .mean
                        ? values.reduce(0, +) / Double(values.count) : values.max() ?? 0
                }
            }
            check.expectAgreement([randomTensor([1, 3, 8, 1], seed: 1)]) {
                RegionPooling(grid: map, bins: bins, pool: pool)($0[0])
            }
        }
    }

    @Test func gatheredRegionsAreWeighted() {
        let grid = RegionGrid(side: 2, height: 2, width: 4)
        let routes: [Float] = [3, 0, 1, 1, 0, 2, 2, 3]
        let places = pixels(grid)
        let check = GradientCheck { x in
            routes.enumerated().flatMap { route, region in
                places[Int(region)].flatMap { pixel in
                    (0..<3).map { x[0][pixel * 3 + $0] * x[1][route] }
                }
            }
        }
        check.expectAgreement(
            [randomTensor([1, 2, 4, 3], seed: 1), randomTensor([1, 4, 2], seed: 2)]
        ) { RegionGather(grid: grid)($0[0], Tensor(shape: [1, 4, 2], routes), $0[1]) }
    }

    @Test func marginIsZeroAndIsTakenOffAgain() {
        let grid = RegionGrid(side: 3, height: 4, width: 5)
        let check = GradientCheck { x in
            (0..<36).map { index in
                let (row, column) = (index / 6, index % 6)
                return row < 4 && column < 5 ? x[0][row * 5 + column] : 0
            }
        }
        let map = randomTensor([1, 4, 5, 1], seed: 1)
        check.expectAgreement([map]) { $0[0].padded(toFill: grid) }
        #expect(map.padded(toFill: grid).cropped(height: 4, width: 5).elements == map.elements)
    }

    // MARK: - Attention

    private static let routes: [[Int]] = [[2, 0], [3, 1], [2, 1], [0, 2]]

    @Test(arguments: [(4, 6, 2, 3), (8, 8, 4, 8), (2, 2, 1, 5)])
    func routedAttentionFollowsItsFormula(height: Int, width: Int, keys: Int, values: Int) {
        let grid = RegionGrid(side: 2, height: height, width: width)
        let widths = RoutedAttention.Widths(heads: 1, keys: keys, values: values)
        let stride = 2 * keys + values
        let naive = NaiveRouting(queries: grid, keys: grid, widths: widths, scale: 0.7)
        GradientCheck { x in
            naive.attend(x[0], stride: stride, x[0], kvStride: stride, first: keys, Self.routes)
        }.expectAgreement([randomTensor([1, height, width, stride], seed: 1)]) {
            RoutedAttention(widths, scale: 0.7, grid: grid)(
                $0[0],
                Tensor(shape: [1, 4, 2], Self.routes.joined().map { Float($0) }))
        }
    }

    @Test func keysOfAnotherMapAreMet() {
        let queries = RegionGrid(side: 2, height: 4, width: 6)
        let keys = RegionGrid(side: 2, height: 2, width: 4)
        let widths = RoutedAttention.Widths(heads: 2, keys: 4, values: 6)
        let naive = NaiveRouting(queries: queries, keys: keys, widths: widths, scale: 1)
        let inputs = [
            randomTensor([1, 4, 6, 4], seed: 1), randomTensor([1, 2, 4, 10], seed: 2),
        ]
        GradientCheck { x in
            naive.attend(x[0], stride: 4, x[1], kvStride: 10, first: 0, (0..<4).map { [$0] })
        }.expectAgreement(inputs) {
            RoutedAttention(widths, scale: 1, queries: queries, keys: keys)($0[0], $0[1])
        }
    }

    @Test func attentionHasTheSameBitsForAnyThreadCount() {
        let grid = RegionGrid(side: 4, height: 8, width: 12)
        let widths = RoutedAttention.Widths(heads: 2, keys: 16, values: 16)
        let x = randomTensor([2, 8, 12, 48], seed: 1)
        expectSameBitsForAnyThreadCount {
            valuesAndGradients([x]) { inputs in
                let routes = RegionRoutes(count: 3)(inputs[0].means(over: grid, channels: 32))
                return RoutedAttention(widths, scale: 0.5, grid: grid)(inputs[0], routes)
            }
        }
    }

    @Test func planGivesWhatTheOperationsGive() {
        PlanCase([[2, 7, 10, 12]]) { inputs in
            let grid = RegionGrid(side: 3, height: 7, width: 10)
            let x = inputs[0].padded(toFill: grid)
            let routes = RegionRoutes(count: 4)(x.means(over: grid, channels: 8))
            let widths = RoutedAttention.Widths(heads: 2, keys: 4, values: 4)
            return [
                RoutedAttention(widths, scale: 0.5, grid: grid)(x, routes)
                    .cropped(height: 7, width: 10)
            ]
        }.check()
    }
}
