import Tensors
import Testing

/// Plans that fold shortcuts around depth-wise convolutions and read parts of channels in place.
@Suite struct ShortcutPlanTests {
    @Test(arguments: [(3, 1), (5, 1), (3, 2)])
    func shortcutBecomesTheCentreTap(kernel: Int, dilation: Int) {
        let network = PlanCase([[2, 7, 9, 5]]) { inputs in
            let x = inputs[0]
            let branch = RandomBlock.depthwise(x, kernel: kernel, dilation: dilation, seed: 1)
            return [x + RandomBlock.normalized(branch, seed: 5)]
        }
        network.check()
        #expect(network.names == ["DepthwiseConvolution"])
    }

    @Test func shortcutOnEitherSideIsFoldedAndReluFollows() {
        let network = PlanCase([[1, 4, 4, 17]]) { inputs in
            [(RandomBlock.depthwise(inputs[0], kernel: 3, seed: 1) + inputs[0]).relu()]
        }
        network.check()
        #expect(network.names == ["DepthwiseConvolution+relu"])
    }

    @Test func shortcutOfAnotherValueStays() {
        let network = PlanCase([[1, 6, 6, 4], [1, 6, 6, 4]]) { x in
            [x[1] + RandomBlock.depthwise(x[0], kernel: 3, seed: 1)]
        }
        network.check()
        #expect(network.names == ["DepthwiseConvolution", "Add"])
    }

    @Test func evenKernelsAndReadBranchesStay() {
        let network = PlanCase([[1, 6, 6, 4]]) { inputs in
            let x = inputs[0]
            let even = x.depthwiseConvolved(
                randomTensor([1, 1, 4], seed: 1), stride: 1, padding: 0)
            let branch = RandomBlock.depthwise(x, kernel: 3, seed: 2)
            let shifted = x.depthwiseConvolved(randomTensor([5, 5, 4], seed: 3), padding: 2)
            return [x + even, x + branch, branch, (x + shifted).relu()]
        }
        network.check()
    }

    @Test func concatenationReadsPartsInPlace() {
        let network = PlanCase([[2, 3, 5, 9], [2, 3, 5, 4]]) { x in
            let mixed = RandomBlock.pointwise(x[0].channels(0..<4), 6, seed: 1)
            return [Tensor.concatenated([mixed, x[0].channels(4..<9), x[1]]).relu()]
        }
        network.check()
        #expect(
            network.names == ["ChannelSlice", "MatrixProduct", "ChannelConcatenation+relu"])
    }

    @Test(arguments: [
        (3, "DepthwiseConvolution"), (5, "DepthwiseConvolution"), (7, "ChannelSlice"),
    ])
    func smallDepthwiseKernelsReadPartsInPlace(kernel: Int, first: String) {
        let network = PlanCase([[2, 9, 11, 50]]) { inputs in
            [RandomBlock.depthwise(inputs[0].channels(13..<37), kernel: kernel, seed: 1).gelu()]
        }
        network.check()
        #expect(network.names.first?.hasPrefix(first) == true)
    }

    @Test func attentionWritesBesideWhatPassesBy() {
        let network = PlanCase([[2, 9, 7, 40], [2, 9, 7, 30]]) { x in
            let attention = SelfAttention(heads: 1, keyWidth: 8, valueWidth: 24)
            let beside = Tensor.concatenated([attention(x[0]), x[1].channels(5..<26)])
            return [beside.relu()]
        }
        network.check()
        #expect(network.names == ["SelfAttention+concatenation+relu"])
    }

    @Test func attentionOfWindowsOrHeadsStaysAlone() {
        let network = PlanCase([[1, 4, 6, 48]]) { x in
            let attention = SelfAttention(heads: 2, keyWidth: 8, valueWidth: 8)
            return [Tensor.concatenated([attention(x[0]), x[0].channels(0..<3)]).relu()]
        }
        network.check()
        #expect(network.names == ["SelfAttention", "ChannelConcatenation+relu"])
    }

    @Test func partThatOthersReadIsWritten() {
        let network = PlanCase([[1, 3, 5, 9]]) { x in
            let part = x[0].channels(2..<7)
            return [Tensor.concatenated([part, x[0]]), part.gelu()]
        }
        network.check()
        #expect(network.names == ["ChannelSlice", "ChannelConcatenation", "GELU"])
    }
}
