import KernelInterface
import Tensors
import Testing

extension InstructionSet: CustomTestStringConvertible {
    /// The name of the case.
    public var testDescription: String { "\(self)" }
}

/// The kernels of every copy that this CPU can run, one instruction set a test case.
let runnableSets = KernelChoice.runnable.map(\.instructionSet)

/// The kernels of an instruction set.
func table(_ set: InstructionSet) throws -> KernelTable {
    try #require(KernelChoice.runnable.first { $0.instructionSet == set })
}

/// Small integers: their sums of products are exact in any order.
func integers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = RandomGenerator(state: seed)
    return (0..<count).map { _ in Float(generator.integer(below: 15)) - 7 }
}

/// Matrix kernels against plain loops.
@Suite struct MatrixKernelsTests {
    static let extents = [0, 1, 2, 5, 6, 7, 11, 12, 13, 15, 16, 17, 25, 31, 32, 33, 64, 65]

    /// `a b`, `a` row-major `[rows, depth]`, `b` row-major `[depth, columns]`.
    private func product(_ a: [Float], _ b: [Float], _ rows: Int, _ columns: Int) -> [Float] {
        let depth = rows > 0 ? a.count / rows : 0
        return (0..<rows * columns).map { index in
            (0..<depth).reduce(0) {
                $0 + a[index / columns * depth + $1] * b[$1 * columns + index % columns]
            }
        }
    }

    private func panels(_ b: [Float], _ kernels: MatrixKernels, _ copy: PanelCopy) -> [Float] {
        var panels = [Float](repeating: .nan, count: (copy.columns + 64) * copy.panelDepth + 64)
        kernels.packRows(b, &panels, copy)
        return panels
    }

    @Test(arguments: runnableSets, extents) func tilesOfEveryHeight(
        set: InstructionSet, rows: Int
    ) throws {
        for columns in [1, 16, 33, 80] { try check(set, rows: rows, columns: columns, depth: 19) }
    }

    @Test(arguments: runnableSets, extents) func tilesOfEveryWidth(
        set: InstructionSet, columns: Int
    ) throws {
        for rows in [1, 12, 26] { try check(set, rows: rows, columns: columns, depth: 7) }
    }

    @Test(arguments: runnableSets) func sumsOfNoTermsAreZero(set: InstructionSet) throws {
        try check(set, rows: 13, columns: 35, depth: 0)
    }

    private func check(_ set: InstructionSet, rows: Int, columns: Int, depth: Int) throws {
        let kernels = try table(set).matrix
        let a = integers(rows * depth, seed: 1)
        let b = integers(depth * columns, seed: 2)
        let packed = panels(
            b, kernels, PanelCopy(sourceStride: columns, depth: depth, columns: columns))
        let stride = columns + 3
        var c = [Float](repeating: 99, count: rows * stride + 1)
        c.withUnsafeMutableBufferPointer { c in
            guard let base = c.baseAddress else { return }
            a.withUnsafeBufferPointer { a in
                packed.withUnsafeBufferPointer { packed in
                    guard let left = a.baseAddress, let right = packed.baseAddress else { return }
                    var block = MatrixBlock(
                        a: (left, depth), b: (right, depth * kernels.panelWidth),
                        c: (base, stride), rows: rows, columns: columns, depth: depth)
                    block.aTileStride = depth * kernels.tileRows
                    kernels.multiply(block)
                    block.start = UnsafePointer(base)
                    block.startRowStride = stride
                    kernels.multiply(block)
                }
            }
        }
        let expected = product(a, b, rows, columns)
        for index in 0..<rows * columns {
            #expect(c[index / columns * stride + index % columns] == 2 * expected[index])
        }
        for row in 0..<rows { #expect(c[row * stride + columns] == 99) }
    }

    @Test(arguments: runnableSets, [1, 16, 17, 32, 33, 50]) func bothPackingsAgree(
        set: InstructionSet, columns: Int
    ) throws {
        let kernels = try table(set).matrix
        let depth = 21
        let b = integers(depth * columns, seed: 3)
        let transposed = (0..<columns * depth).map { b[$0 % depth * columns + $0 / depth] }
        let rows = panels(
            b, kernels, PanelCopy(sourceStride: columns, depth: depth, columns: columns))
        var other = rows.map { _ in Float.nan }
        kernels.packColumns(
            transposed, &other, PanelCopy(sourceStride: depth, depth: depth, columns: columns))
        let padded = (columns + kernels.vectorWidth - 1) / kernels.vectorWidth
        let count = padded * kernels.vectorWidth * depth
        #expect(rows.prefix(count) == other.prefix(count))
        #expect(rows.prefix(count).reduce(0, +) == b.reduce(0, +))
    }

    @Test(arguments: runnableSets, [1, 16, 33]) func rowsAreAddedUp(
        set: InstructionSet, columns: Int
    ) throws {
        let x = integers(5 * 40, seed: 4)
        var sums = [Float](repeating: 1, count: columns)
        try table(set).matrix.addRows(x, &sums, 5, columns, 40)
        var expected = [Float](repeating: 0, count: columns)
        for i in 0..<5 {
            for j in 0..<columns { expected[j] += x[i * 40 + j] }
        }
        #expect(sums == expected)
    }

    @Test(arguments: runnableSets) func peakCountsItsMultiplyAdds(set: InstructionSet) throws {
        let kernels = try table(set).matrix
        #expect(kernels.peak(100) == 100 * 12 * kernels.vectorWidth)
    }
}
