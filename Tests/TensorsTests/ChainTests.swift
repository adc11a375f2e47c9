import Parallelism
import Tensors
import Testing

/// Chains of products around a depth-wise convolution against their layers one by one.
@Suite(.serialized) struct ChainTests {
    /// The MLP of a block: sizes whose hidden map is too large for the caches.
    private struct Network: Sendable {
        let shape: [Int]
        let hidden: Int
        var kernel = 3
        var dilation = 1

        /// Applies the MLP with a scaled shortcut.
        func callAsFunction(_ x: Tensor) -> Tensor {
            let inner = RandomBlock.pointwise(x, hidden, seed: 1)
            let mixed = RandomBlock.depthwise(inner, kernel: kernel, dilation: dilation, seed: 3)
            let outer = RandomBlock.pointwise(mixed.gelu(), shape[3], seed: 5)
            return x.addingScaled(outer, by: randomTensor([shape[3]], seed: 7))
        }

        /// The same with every value between the layers put out, so that none can be joined.
        func layerByLayer(_ x: Tensor) -> [Tensor] {
            let inner = RandomBlock.pointwise(x, hidden, seed: 1)
            let mixed = RandomBlock.depthwise(inner, kernel: kernel, dilation: dilation, seed: 3)
                .gelu()
            let outer = RandomBlock.pointwise(mixed, shape[3], seed: 5)
            let y = x.addingScaled(outer, by: randomTensor([shape[3]], seed: 7))
            return [y, inner, mixed]
        }
    }

    private static let chain =
        "MatrixProduct>DepthwiseConvolution+gelu>MatrixProduct+residual"

    /// Widths and channels that fill no vector, several maps, several bands, a 5x5 window.
    private static let networks = [
        Network(shape: [1, 45, 37, 19], hidden: 251),
        Network(shape: [2, 25, 29, 16], hidden: 304),
        Network(shape: [3, 26, 17, 40], hidden: 296, kernel: 5),
        Network(shape: [1, 113, 31, 8], hidden: 130),
        Network(shape: [1, 61, 40, 33], hidden: 168, kernel: 5),
    ]

    @Test(arguments: networks.indices)
    func chainGivesWhatItsLayersGive(index: Int) {
        let network = Self.networks[index]
        PlanCase([Shape(network.shape)]) { [network($0[0])] }.check()
    }

    @Test(arguments: [0, 1, 3])
    func chainHasTheBitsOfItsLayers(index: Int) {
        let network = Self.networks[index]
        let x = randomTensor(Shape(network.shape), seed: 100)
        let chained = PlanCase([x.shape]) { [network($0[0])] }
        let layers = PlanCase([x.shape]) { network.layerByLayer($0[0]) }
        #expect(chained.names == [Self.chain])
        #expect(layers.names.count == 3)
        #expect(chained.plan([x])[0].elements == layers.plan([x])[0].elements)
    }

    @Test func chainDoesNotDependOnThreads() {
        let threads = WorkerPool.shared.threadCount
        defer { WorkerPool.shared.setThreadCount(threads) }
        let network = Self.networks[3]
        let x = randomTensor(Shape(network.shape), seed: 100)
        let plan = PlanCase([x.shape]) { [network($0[0])] }.plan
        let results = [1, 2, 5].map { count in
            WorkerPool.shared.setThreadCount(count)
            return plan([x])[0].elements
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test func chainCountsTheMultiplyAddsOfItsLayers() {
        let network = Self.networks[1]
        let plan = PlanCase([Shape(network.shape)]) { [network($0[0])] }.plan
        #expect(plan.steps.map(\.multiplyAdds) == [2 * 25 * 29 * 304 * (16 + 9 + 16)])
    }

    @Test func smallMapsStayLayers() {
        let network = Network(shape: [1, 14, 14, 16], hidden: 64)
        let names = PlanCase([Shape(network.shape)]) { [network($0[0])] }.names
        #expect(
            names == [
                "MatrixProduct", "DepthwiseConvolution+gelu", "MatrixProduct+residual",
            ])
    }

    @Test func windowsThatAreNotDirectStayLayers() {
        let network = Network(shape: [1, 56, 40, 16], hidden: 200, dilation: 2)
        let names = PlanCase([Shape(network.shape)]) { [network($0[0])] }.names
        #expect(names.count == 2 || names.count == 3)
        #expect(!names.contains { $0.contains(">") })
    }

    @Test func valueThatIsReadTwiceIsNotChained() {
        let network = PlanCase([[1, 56, 40, 16]]) { x in
            let inner = RandomBlock.pointwise(x[0], 200, seed: 1)
            let mixed = RandomBlock.depthwise(inner, kernel: 3, seed: 3)
            return [RandomBlock.pointwise(mixed, 16, seed: 5), inner.relu()]
        }
        network.check()
        #expect(!network.names.contains { $0.contains(">") })
    }

    @Test func middleThatGatesTheLastProductIsNotChained() {
        let network = PlanCase([[1, 56, 40, 96]]) { x in
            let inner = RandomBlock.pointwise(x[0], 200, seed: 1)
            let mixed = RandomBlock.depthwise(inner, kernel: 3, seed: 3)
            return [mixed * RandomBlock.pointwise(mixed, 200, seed: 5)]
        }
        network.check()
        #expect(!network.names.contains { $0.contains(">") })
    }
}
