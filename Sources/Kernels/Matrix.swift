import KernelInterface

/// The group of this copy; made anew for the table, since a copy of a stored group would be a
/// function that both copies of the kernels share.
var matrixKernels: MatrixKernels {
    MatrixKernels(
        geometry: (tileRows: matrixTileRows, vectorWidth: Vector.scalarCount),
        multiply: multiplyBlock, finish: finishRows, packRows: packMatrixRows,
        packColumns: packMatrixColumns,
        addRows: addMatrixRows, peak: multiplyAddPeak)
}

/// `sum[j] = x[0, j] + x[1, j] + ...`, in the order of the rows.
@Sendable
func addMatrixRows(
    _ x: UnsafePointer<Float>, _ sum: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int,
    _ rowStride: Int
) {
    var j = 0
    while j &+ 4 &* Vector.scalarCount <= columns {
        addFourColumns(x + j, sum + j, rows, rowStride)
        j &+= 4 &* Vector.scalarCount
    }
    while j < columns {
        let count = columns &- j
        var value = Vector(repeating: 0)
        var i = 0
        while i < rows {
            value += loadPart(x + (i &* rowStride &+ j), count)
            i &+= 1
        }
        storePart(value, sum + j, count)
        j &+= Vector.scalarCount
    }
}

/// The sums of four vectors of columns: rows are then read by whole lines that follow each other.
@inline(__always)
private func addFourColumns(
    _ x: UnsafePointer<Float>, _ sum: UnsafeMutablePointer<Float>, _ rows: Int, _ rowStride: Int
) {
    var s0 = Vector(repeating: 0)
    var (s1, s2, s3) = (s0, s0, s0)
    var source = x
    var i = 0
    while i < rows {
        s0 += load(source)
        s1 += load(source + Vector.scalarCount)
        s2 += load(source + 2 &* Vector.scalarCount)
        s3 += load(source + 3 &* Vector.scalarCount)
        source += rowStride
        i &+= 1
    }
    store(s0, sum)
    store(s1, sum + Vector.scalarCount)
    store(s2, sum + 2 &* Vector.scalarCount)
    store(s3, sum + 3 &* Vector.scalarCount)
}

/// Twelve independent chains of multiply-adds: enough for two units of latency four.
///
/// The result of the chains decides nothing, but is looked at, so that the loop stays.
@Sendable
func multiplyAddPeak(_ rounds: Int) -> Int {
    var sums = zeroSums()
    let factor = Vector(repeating: Float(rounds & 1))
    var round = 0
    while round < rounds {
        for i in 0..<12 { sums[i].addProduct(sums[i], factor) }
        round &+= 1
    }
    var total = Vector(repeating: 0)
    for i in 0..<12 { total += sums[i] }
    let count = 12 &* Vector.scalarCount &* rounds
    return total[0] == 0 ? count : count &+ 1
}
