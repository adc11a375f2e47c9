import Layers
import Tensors
import TestSupport
import Testing

@Suite struct TransposedConv2dTests {
    @Test(arguments: [[1, 1, 1, 1, 2], [2, 3, 5, 4, 2], [3, 2, 9, 7, 3]])
    func everyPixelBecomesASquare(size: [Int]) {
        let (height, width, inputs, outputs, kernel) = (size[0], size[1], size[2], size[3], size[4])
        let layer = TransposedConv2d(
            ParameterScope(ParameterStore(seed: 1)), inputs, outputs, kernel: kernel)
        let x = filled("input", [2, height, width, inputs])
        let y = layer(x)
        #expect(y.shape == [2, kernel * height, kernel * width, outputs])
        let weight = layer.weight.fileElements
        let bias = layer.bias?.fileElements ?? []
        var expected: [Float] = []
        for n in 0..<2 {
            for row in 0..<kernel * height {
                for column in 0..<kernel * width {
                    let pixel = (n * height + row / kernel) * width + column / kernel
                    let tap = row % kernel * kernel + column % kernel
                    for o in 0..<outputs {
                        var sum = Double(bias[o])
                        for c in 0..<inputs {
                            let w = weight[(c * outputs + o) * kernel * kernel + tap]
                            sum += Double(x.elements[pixel * inputs + c]) * Double(w)
                        }
                        expected.append(Float(sum))
                    }
                }
            }
        }
        expectClose(y.elements, expected, relative: 1e-6)
    }

    @Test func fileOrderSurvivesMemory() {
        let layer = TransposedConv2d(
            ParameterScope(ParameterStore(seed: 1)), 5, 3, kernel: 2, bias: false)
        let elements = (0..<60).map { Float($0) }
        layer.weight.setFileElements(elements)
        #expect(layer.weight.fileElements == elements)
        #expect(layer.weight.value.shape == [2, 2, 3, 5])
        #expect(layer.bias == nil)
    }
}
