import Foundation
import KernelInterface
import Tensors
import Testing

/// Packed weights with every epilogue against the formula in double precision.
@Suite struct PackedMatrixTests {
    struct Options: Sendable, CustomTestStringConvertible {
        let activation: MatrixEpilogue.Activation
        var gate = false
        var scale = false
        var residual = false
        var testDescription: String { "\(activation) \(gate) \(scale) \(residual)" }
    }

    static let options = [
        Options(activation: .none), Options(activation: .relu, residual: true),
        Options(activation: .gelu, scale: true), Options(activation: .silu, gate: true),
        Options(activation: .sigmoid, gate: true, scale: true, residual: true),
        Options(activation: .none, gate: true, residual: true),
    ]

    private func activated(_ x: Double, _ activation: MatrixEpilogue.Activation) -> Double {
        switch activation {
        case .none: x
        case .relu: max(x, 0)
        case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
        case .silu: x / (1 + exp(-x))
        case .sigmoid: 1 / (1 + exp(-x))
        }
    }

    /// The result for given sums, which the epilogue's operands are drawn for.
    private func expected(_ sums: [Double], _ operands: Operands, _ options: Options) -> [Double] {
        let channels = operands.bias.count
        return sums.enumerated().map { index, sum in
            var y = activated(
                sum + Double(operands.bias.elements[index % channels]), options.activation)
            if options.gate { y *= Double(operands.gate.elements[index]) }
            if options.scale { y *= Double(operands.scale.elements[index % channels]) }
            if options.residual { y += Double(operands.residual.elements[index]) }
            return y
        }
    }

    private struct Operands {
        let bias: Tensor
        let scale: Tensor
        let gate: Tensor
        let residual: Tensor

        init(_ shape: Shape) {
            bias = randomTensor([shape.channels], seed: 11)
            scale = randomTensor([shape.channels], seed: 12)
            gate = randomTensor(shape, seed: 13)
            residual = randomTensor(shape, seed: 14)
        }

        /// Calls `body` with the epilogue of some of the operands.
        func withEpilogue(_ options: Options, _ body: (MatrixEpilogue) -> Void) {
            bias.withElements { bias in
                scale.withElements { scale in
                    gate.withElements { gate in
                        residual.withElements { residual in
                            body(
                                MatrixEpilogue(
                                    bias: bias, activation: options.activation,
                                    gate: options.gate ? gate : nil,
                                    scale: options.scale ? scale : nil,
                                    residual: options.residual ? residual : nil))
                        }
                    }
                }
            }
        }
    }

    /// Rows, depth and columns: tiles of all heights, panels that are whole, half or cut short, an
    /// odd number of them, more than one block of depth.
    static let sizes = [
        [0, 8, 4], [1, 1, 1], [13, 33, 17], [50, 64, 96], [7, 900, 70], [17, 60, 224],
        [64, 40, 112], [130, 96, 36], [5, 1600, 1008],
    ]

    @Test(arguments: options, sizes)
    func productsHaveTheirEpilogue(options: Options, size: [Int]) {
        let (rows, depth, columns) = (size[0], size[1], size[2])
        let x = randomTensor([rows, depth], seed: 1)
        let w = randomTensor([columns, depth], seed: 2)
        let operands = Operands([rows, columns])
        let y = Tensor(shape: [rows, columns]) { y in
            operands.withEpilogue(options) { epilogue in
                x.withElements {
                    PackedMatrix(w).run($0, rows: rows, into: y, epilogue: epilogue)
                }
            }
        }
        let (a, b) = (x.elements, w.elements)
        let sums = (0..<rows * columns).map { index in
            (0..<depth).reduce(0.0) { sum, k in
                sum + Double(a[index / columns * depth + k])
                    * Double(b[index % columns * depth + k])
            }
        }
        // GELU is exact to 1e-7, which counts for more where a lone element is small.
        #expect(relativeError(y.elements, expected(sums, operands, options)) < 1e-5)
    }

    @Test(arguments: options, [1, 2])
    func convolutionsHaveTheirEpilogue(options: Options, stride: Int) {
        let input: Shape = [2, 13, 10, 32]
        let weight: Shape = [40, 3, 3, 32]
        let x = randomTensor(input, seed: 1)
        let w = randomTensor(weight, seed: 2)
        let packed = PackedConvolution(
            w, input: input, operation: Convolution(stride: stride, padding: 1))
        let operands = Operands(packed.outputShape)
        let scratch = Storage(count: packed.scratchCount)
        let y = Tensor(shape: packed.outputShape) { y in
            operands.withEpilogue(options) { epilogue in
                x.withElements {
                    packed.run($0, into: y, epilogue: epilogue, scratch: scratch.pointer)
                }
            }
        }
        let naive = NaiveConvolution(
            input: input, weight: weight, output: packed.outputShape, stride: stride, padding: 1)
        let zeros = Array<Float>(repeating: 0, count: packed.outputShape.count)
        let sums = naive(x.elements, w.elements, zeros, zeros).y
        #expect(relativeError(y.elements, expected(sums, operands, options)) < 1e-5)
    }
}
