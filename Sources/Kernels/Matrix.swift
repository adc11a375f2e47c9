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
    while j &+ Vector.scalarCount <= columns {
        var value = Vector(repeating: 0)
        var i = 0
        while i < rows {
            value += load(x + (i &* rowStride &+ j))
            i &+= 1
        }
        store(value, sum + j)
        j &+= Vector.scalarCount
    }
    while j < columns {
        var value: Float = 0
        var i = 0
        while i < rows {
            value += x[i &* rowStride &+ j]
            i &+= 1
        }
        sum[j] = value
        j &+= 1
    }
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
