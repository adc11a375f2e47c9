import Tensors
import Testing

@Suite struct ZeroPaddingTests {
    @Test(arguments: [(0, 0), (1, 0), (0, 1), (2, 3)]) func mapsGetZerosBelowAndAtTheRight(
        bottom: Int, right: Int
    ) {
        let x = randomTensor([2, 3, 2, 5], seed: 1)
        let (height, width) = (3 + bottom, 2 + right)
        let check = GradientCheck { inputs in
            (0..<2 * height * width * 5).map { index in
                let (pixel, c) = (index / 5, index % 5)
                let (row, column) = (pixel / width % height, pixel % width)
                guard row < 3, column < 2 else { return 0 }
                return inputs[0][((pixel / (width * height) * 3 + row) * 2 + column) * 5 + c]
            }
        }
        check.expectAgreement([x]) { $0[0].padded(bottom: bottom, right: right) }
        PlanCase([x.shape]) { [$0[0].padded(bottom: bottom, right: right).relu()] }.check()
    }
}
