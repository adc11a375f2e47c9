import Tensors
import Testing

@Suite struct PixelShuffleTests {
    @Test(arguments: [[1, 1, 1, 1], [2, 3, 2, 5], [3, 2, 3, 16], [1, 4, 1, 3]])
    func channelsAreSpreadOverSquares(size: [Int]) {
        let (height, width, factor, count) = (size[0], size[1], size[2], size[3])
        let sources = (0..<2 * height * width * factor * factor * count).map { index -> Int in
            let (channel, pixel) = (index % count, index / count)
            let (column, line) = (pixel % (factor * width), pixel / (factor * width))
            let square = line / factor * width + column / factor
            let tap = line % factor * factor + column % factor
            return (square * factor * factor + tap) * count + channel
        }
        let check = GradientCheck { x in
            sources.enumerated().map { x[0][$0.element] + x[1][$0.offset % count] }
        }
        check.expectAgreement([
            randomTensor([2, height, width, factor * factor * count], seed: 1),
            randomTensor([count], seed: 2),
        ]) { $0[0].pixelShuffled(factor: factor, bias: $0[1]) }
    }

    @Test func biasCanBeAbsentAndMapsEmpty() {
        let x = randomTensor([1, 2, 2, 8], seed: 1)
        let zero = Tensor(shape: [2], repeating: 0)
        let without = x.pixelShuffled(factor: 2)
        #expect(without.elements == x.pixelShuffled(factor: 2, bias: zero).elements)
        #expect(Tensor(shape: [2, 0, 3, 4], []).pixelShuffled(factor: 2).shape == [2, 0, 6, 1])
    }
}
