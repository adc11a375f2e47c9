import CMachine
import KernelInterface
import Tensors
import Testing

/// Folded and fused plans against the operations as they are written.
@Suite struct PlanTests {
    // MARK: - VAN

    @Test(arguments: [[1, 7, 9, 5], [2, 5, 4, 16], [1, 13, 6, 33]])
    func blockOfVANIsKept(shape: [Int]) {
        let block = RandomBlock(channels: shape[3], hidden: 2 * shape[3] + 1)
        PlanCase([Shape(shape)]) { [block($0[0])] }.check()
    }

    @Test func blockOfVANHasEightSteps() {
        let block = RandomBlock(channels: 8, hidden: 24)
        let names = PlanCase([[1, 6, 6, 8]]) { [block($0[0])] }.names
        #expect(
            names == [
                "MatrixProduct+gelu", "DepthwiseConvolution", "DepthwiseConvolution",
                "MatrixProduct+gate", "MatrixProduct+residual", "MatrixProduct",
                "DepthwiseConvolution+gelu", "MatrixProduct+residual",
            ])
    }

    @Test(arguments: [1, 2, 3])
    func strideConvolutionAndNormBecomeOne(stride: Int) {
        let network = PlanCase([[2, 11, 7, 3]]) { inputs in
            let weight = randomTensor([6, 3, 3, 3], seed: 1)
            let embedded = inputs[0].convolved(weight, bias: nil, stride: stride, padding: 1)
            let block = RandomBlock(channels: 6, hidden: 12)
            let y = block(RandomBlock.normalized(embedded, seed: 2))
            return [
                y.layerNormalized(
                    randomTensor([6], seed: 3), randomTensor([6], seed: 4), epsilon: 1e-6)
            ]
        }
        network.check()
        #expect(network.names.first == "Convolution")
        #expect(network.names.count == 10)
    }

    @Test func algorithmsAreNamed() {
        // Sixteen channels are the fewest of minimal filtering; a stride of 3 leaves the depth-wise
        // kernels no way but planes, and a row of 8 outputs is gathered.
        let plan = Plan(
            Graph.trace(inputs: [[1, 24, 24, 16]]) { inputs in
                let square = randomTensor([16, 3, 3, 16], seed: 1)
                let taps = randomTensor([3, 3, 16], seed: 2)
                let same = MapExtent(height: 1, width: 1)
                let x = inputs[0].convolved(square, bias: nil, stride: 1, padding: 1)
                let y = DepthwiseConvolution(padding: same)(x, taps)
                return [
                    y.convolved(square, bias: nil, stride: 3, padding: 1),
                    DepthwiseConvolution(stride: 3, padding: same)(y, taps),
                ]
            })
        #expect(
            plan.algorithms == [
                "Winograd", "depth-wise in place", "by patches", "depth-wise by planes",
            ])
    }

    // MARK: - Several readers

    @Test func valueWithTwoReadersIsWritten() {
        let twice = PlanCase([[1, 4, 5, 6]]) { inputs in
            let y = RandomBlock.pointwise(inputs[0], 7, seed: 1)
            return [y.gelu(), y.relu()]
        }
        twice.check()
        #expect(twice.names == ["MatrixProduct", "GELU", "ReLU"])
    }

    @Test func valueThatIsAnOutputIsWritten() {
        let output = PlanCase([[1, 4, 5, 6]]) { inputs in
            let y = RandomBlock.pointwise(inputs[0], 7, seed: 1)
            return [y, y.relu()]
        }
        output.check()
        #expect(output.names == ["MatrixProduct", "ReLU"])
    }

    @Test func productOfAValueWithItselfIsNoGate() {
        let square = PlanCase([[1, 4, 5, 6]]) { inputs in
            let y = RandomBlock.pointwise(inputs[0], 7, seed: 1)
            return [y * y, inputs[0] + inputs[0]]
        }
        square.check()
        #expect(square.names == ["MatrixProduct", "Multiply", "Add"])
    }

    @Test func normWithTwoReadersGoesIntoThoseThatCanTakeIt() {
        let norm = PlanCase([[1, 6, 5, 8]]) { inputs in
            let y = RandomBlock.normalized(inputs[0], seed: 1)
            let padded = y.convolved(
                randomTensor([8, 3, 3, 8], seed: 5), bias: nil, stride: 1, padding: 1)
            return [RandomBlock.pointwise(y, 4, seed: 6, hasBias: false), padded]
        }
        norm.check()
        #expect(norm.names.sorted() == ["ChannelAffine", "Convolution", "MatrixProduct"])
    }

    // MARK: - Epilogues

    @Test(arguments: [[1, 9, 6, 16, 32], [2, 20, 21, 32, 16], [1, 5, 5, 3, 5]])
    func convolutionsTakeWhatFollows(size: [Int]) {
        let (inputs, outputs) = (size[3], size[4])
        let shape: Shape = [size[0], size[1], size[2], inputs]
        let other = shape.replacingChannels(with: outputs)
        let network = PlanCase([shape, other, other]) { x in
            let weight = randomTensor([outputs, 3, 3, inputs], seed: 1)
            let y = x[0].convolved(
                weight, bias: randomTensor([outputs], seed: 2), stride: 1, padding: 1)
            return [
                x[1] + y.silu().multiplied(by: 3) * x[2],
                x[1] + (y.sigmoid() * x[2]).multiplied(by: 0.5),
                RandomBlock.normalized(y, seed: 3).relu(),
            ]
        }
        network.check()
    }

    @Test func activationGateScaleAndResidualAreOneStep() {
        let network = PlanCase([[1, 9, 6, 16], [1, 9, 6, 8]]) { x in
            let y = RandomBlock.pointwise(x[0], 8, seed: 1)
            return [x[1] + (y.sigmoid() * x[1]).multiplied(by: 0.5)]
        }
        network.check()
        #expect(network.names == ["MatrixProduct+sigmoid+gate+scale+residual"])
    }

    @Test func reluBehindAResidualIsTakenAlong() {
        let network = PlanCase([[1, 9, 6, 16], [1, 9, 6, 8]]) { x in
            [(x[1] + RandomBlock.pointwise(x[0], 8, seed: 1)).relu()]
        }
        network.check()
        #expect(network.names == ["MatrixProduct+residual+relu"])
    }

    @Test func otherActivationBehindAResidualIsAStepOfItsOwn() {
        let network = PlanCase([[1, 9, 6, 16], [1, 9, 6, 8]]) { x in
            [(x[1] + RandomBlock.pointwise(x[0], 8, seed: 1)).silu()]
        }
        network.check()
        #expect(network.names == ["MatrixProduct+residual", "SiLU"])
    }

    @Test func gateThatIsMadeLaterIsWaitedFor() {
        let network = PlanCase([[1, 9, 6, 16]]) { x in
            let first = RandomBlock.pointwise(x[0], 8, seed: 1)
            let second = RandomBlock.depthwise(
                RandomBlock.pointwise(x[0], 8, seed: 3), kernel: 3, seed: 5)
            return [first * second.silu()]
        }
        network.check()
        #expect(
            network.names == ["MatrixProduct", "DepthwiseConvolution+silu", "MatrixProduct+gate"])
    }

    @Test(arguments: [[1, 5, 7, 8], [2, 33, 20, 32]])
    func towersOfADetectorAreKept(shape: [Int]) {
        let channels = shape[3]
        let tower = PlanCase([Shape(shape), [shape[0], 3, 4, channels]]) { inputs in
            let weight = randomTensor([channels, 3, 3, channels], seed: 1)
            let norm = (randomTensor([channels], seed: 2), randomTensor([channels], seed: 3))
            let maps = [
                inputs[0]
                    + inputs[1].upsampledNearest(height: shape[1], width: shape[2]), inputs[1],
            ]
            return maps.map { map in
                let y = map.convolved(weight, bias: nil, stride: 1, padding: 1)
                let normal = y.groupNormalized(norm.0, norm.1, groups: 4, epsilon: 1e-5).relu()
                return normal.convolved(weight, bias: nil, stride: 2, padding: 1).exponential()
            }
        }
        tower.check()
        #expect(tower.names.contains("GroupNorm+relu"))
    }

    // MARK: - Allocation

    @Test func replayAllocatesNothing() {
        let channels = 16
        let plan = PlanCase([[1, 33, 29, 3]]) { inputs in
            let stem = inputs[0].convolved(
                randomTensor([channels, 7, 7, 3], seed: 1), bias: nil, stride: 4, padding: 3)
            let body = RandomBlock(channels: channels, hidden: 4 * channels)(
                RandomBlock.normalized(stem, seed: 2))
            let map = body.layerNormalized(
                randomTensor([channels], seed: 3), randomTensor([channels], seed: 4),
                epsilon: 1e-6)
            let convolved = map.convolved(
                randomTensor([channels, 3, 3, channels], seed: 5), bias: nil, stride: 1,
                padding: 1)
            let normal = convolved.groupNormalized(
                randomTensor([channels], seed: 6), randomTensor([channels], seed: 7), groups: 4,
                epsilon: 1e-5)
            let finer = normal.relu().upsampledNearest(height: 20, width: 18)
            return [
                finer.relu().subsampled(), map.meanOverPositions().softmax(), finer.exponential(),
            ]
        }.plan
        plan.replay()
        let before = cm_thread_allocation_count()
        plan.replay()
        #expect(cm_thread_allocation_count() == before)
    }
}
