import Foundation
import KernelInterface
import Tensors
import Testing

/// Epilogues on rows that have a stride, against the formula in double precision.
@Suite struct MatrixEpilogueTests {
    @Test(arguments: runnableSets) func geluOfEpiloguesIsExactToAMillionth(
        set: InstructionSet
    ) throws {
        let x = (-60_000...60_000).map { Float($0) / 4000 } + [-1e30, -200, 200, 1e30]
        var y = x
        try table(set).matrix.finish(
            &y, MatrixPart(rows: 1, columns: x.count, stride: x.count),
            MatrixEpilogue(activation: .gelu))
        for (x, y) in zip(x, y) {
            let exact = Double(x) * 0.5 * erfc(-Double(x) / 2.0.squareRoot())
            // Two units in the last place of large values.
            #expect(abs(Double(y) - exact) <= 1e-6 + abs(exact) * 0x1p-22, "at \(x)")
        }
    }

    @Test(arguments: runnableSets, [1, 7, 8, 16, 19, 40])
    func rowsEndBeforeTheStride(set: InstructionSet, columns: Int) throws {
        try expectRows(set, columns: columns, isRectified: false)
        try expectRows(set, columns: columns, isRectified: true)
    }

    private func expectRows(_ set: InstructionSet, columns: Int, isRectified: Bool) throws {
        let stride = columns + 3
        let sums = integers(3 * stride, seed: 1)
        let residual = integers(3 * stride, seed: 2)
        let gate = integers(3 * stride, seed: 3)
        let scale = integers(columns, seed: 4)
        let factors = integers(columns, seed: 5)
        var y = sums
        let kernels = try table(set).matrix
        residual.withUnsafeBufferPointer { residual in
            gate.withUnsafeBufferPointer { gate in
                scale.withUnsafeBufferPointer { scale in
                    factors.withUnsafeBufferPointer { factors in
                        var epilogue = MatrixEpilogue(
                            activation: .relu, gate: gate.baseAddress, scale: scale.baseAddress,
                            residual: residual.baseAddress)
                        epilogue.residualScale = factors.baseAddress
                        epilogue.isRectified = isRectified
                        kernels.finish(
                            &y, MatrixPart(rows: 3, columns: columns, stride: stride), epilogue)
                    }
                }
            }
        }
        for index in y.indices {
            let column = index % stride
            let expected =
                column < columns
                ? residual[index] * factors[column] + max(sums[index], 0) * gate[index]
                    * scale[column] : sums[index]
            let rectified = isRectified && column < columns ? max(expected, 0) : expected
            #expect(y[index] == rectified)
        }
    }
}
