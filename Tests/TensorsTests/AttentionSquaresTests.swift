import Foundation
import KernelInterface
import Tensors
import Testing

/// Routed attention whose widths and regions fill whole vectors, which is computed by squares of queries and keys.
@Suite struct AttentionSquaresTests {
    /// Attention of all heads of one sample by its definition: of each query to some keys, whose
    /// values stand behind them.
    private func attended(
        _ q: [Float], _ kv: [Float], heads: Int, width: Int, _ keys: (Int) -> [Int]
    ) -> [Double] {
        let (channels, features) = (heads * width, 2 * heads * width)
        return (0..<q.count / channels).flatMap { query in
            (0..<heads).flatMap { head in
                let met = keys(query)
                let weights = met.map { key in
                    exp(
                        1.5
                            * (0..<width).reduce(0.0) {
                                let channel = head * width + $1
                                return $0 + Double(q[query * channels + channel])
                                    * Double(kv[key * features + channel])
                            })
                }
                let sum = weights.reduce(0, +)
                return (0..<width).map { c in
                    let channel = channels + head * width + c
                    return zip(met, weights).reduce(0) {
                        $0 + $1.1 / sum * Double(kv[$1.0 * features + channel])
                    }
                }
            }
        }
    }

    /// From one query to more than fit into two tiles, and key counts with every rest of groups.
    @Test(
        arguments: [1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16, 17, 23, 25, 49, 67], [(32, 4), (64, 28)])
    func attentionOfAMapFollowsItsFormula(queries: Int, sizes: (width: Int, keys: Int)) {
        let (width, count) = (sizes.width, sizes.keys)
        let q = randomTensor([1, 1, queries, 2 * width], seed: UInt64(queries))
        let kv = randomTensor([1, 2, count / 2, 4 * width], seed: 3)
        let y = RoutedAttention(
            RoutedAttention.Widths(heads: 2, keys: 2 * width, values: 2 * width), scale: 1.5,
            queries: RegionGrid(
                rows: 1, columns: 1, region: MapExtent(height: 1, width: queries)),
            keys: RegionGrid(
                rows: 1, columns: 1, region: MapExtent(height: 2, width: count / 2)))(q, kv)
        let expected = attended(q.elements, kv.elements, heads: 2, width: width) { _ in
            Array(0..<count)
        }
        #expect(relativeError(y.elements, expected) < 1e-6)
    }

    @Test(arguments: [(2, 2), (1, 4), (4, 4), (6, 2), (2, 10)])
    func regionsOfWholeGroupsFollowTheirFormula(height: Int, width: Int) {
        let grid = RegionGrid(side: 3, height: 3 * height, width: 3 * width)
        let routes = (0..<9).map { [($0 + 4) % 9, $0, ($0 * 2 + 1) % 9, 0, 8] }
        let x = randomTensor([1, 3 * height, 3 * width, 192], seed: 3)
        let y = RoutedAttention(
            RoutedAttention.Widths(heads: 2, keys: 64, values: 64), scale: 1.5, grid: grid)(
                x, Tensor(shape: [1, 9, 5], routes.joined().map { Float($0) }))
        func region(_ pixel: Int) -> Int {
            pixel / (3 * width) / height * 3 + pixel % (3 * width) / width
        }
        let (q, kv) = (x.channels(0..<64), x.channels(64..<192))
        let expected = attended(q.elements, kv.elements, heads: 2, width: 32) { query in
            routes[region(query)].flatMap { route in
                (0..<9 * height * width).filter { region($0) == route }
            }
        }
        #expect(relativeError(y.elements, expected) < 1e-6)
    }

    /// Where one score stands far above the others, those weigh nothing and nothing overflows.
    @Test func scoresFarApartLeaveTheLargest() {
        var elements = randomTensor([1, 1, 12, 96], seed: 1).elements
        for row in 0..<12 { elements[row * 96] = 100 }
        elements[5 * 96 + 32] = 1000
        let x = Tensor(shape: [1, 1, 12, 96], elements)
        let grid = RegionGrid(side: 1, height: 1, width: 12)
        let y = RoutedAttention(
            RoutedAttention.Widths(heads: 1, keys: 32, values: 32), scale: 1, grid: grid)(x)
        for row in 0..<12 {
            #expect(
                Array(y.elements[row * 32..<row * 32 + 32])
                    == Array(elements[5 * 96 + 64..<6 * 96]))
        }
    }

    @Test func planAddsTheResidualInTheSameWalk() {
        let network = PlanCase([[2, 6, 6, 96], [2, 6, 6, 32]]) { x in
            let grid = RegionGrid(side: 3, height: 6, width: 6)
            let routes = RegionRoutes(count: 4)(x[0].means(over: grid, channels: 64))
            let routed = RoutedAttention(
                RoutedAttention.Widths(heads: 1, keys: 32, values: 32), scale: 1, grid: grid)
            return [x[1] + routed(x[0], routes)]
        }
        network.check()
        #expect(
            network.names == ["RegionMeans", "RegionRoutes", "RoutedAttention+residual"])
    }

    @Test func bitsAreTheSameForAnyThreadCount() {
        let x = randomTensor([2, 8, 12, 192], seed: 1)
        let grid = RegionGrid(side: 4, height: 8, width: 12)
        expectSameBitsForAnyThreadCount {
            let routes = RegionRoutes(count: 3)(x.means(over: grid, channels: 128))
            let widths = RoutedAttention.Widths(heads: 2, keys: 64, values: 64)
            return [RoutedAttention(widths, scale: 0.5, grid: grid)(x, routes)]
        }
    }
}
