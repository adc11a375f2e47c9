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

/// Columns of a full panel of an operand.
@inline(__always)
func panelWidth(_ copy: PanelCopy) -> Int {
    copy.side == .left ? matrixTileRows : 2 &* Vector.scalarCount
}

/// Columns of a panel with `left` columns still to come, padding included.
@inline(__always)
func paddedWidth(_ copy: PanelCopy, _ left: Int) -> Int {
    if copy.side == .left { return matrixTileRows }
    return left > Vector.scalarCount ? 2 &* Vector.scalarCount : Vector.scalarCount
}

/// `[depth, columns]` into panels.
@Sendable
func packMatrixRows(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, _ copy: PanelCopy
) {
    let full = panelWidth(copy)
    var column = 0
    while column < copy.columns {
        let left = copy.columns &- column
        let width = paddedWidth(copy, left)
        let columns = left < width ? left : width
        var panel = destination + (column &* copy.panelDepth &+ copy.firstRow &* width)
        var from = source + column
        var k = 0
        while k < copy.depth {
            copyRow(from, panel, columns, width)
            from += copy.sourceStride
            panel += width
            k &+= 1
        }
        column &+= full
    }
}

/// Copies `columns` floats and fills up to `width` with zeros.
@inline(__always)
func copyRow(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, _ columns: Int,
    _ width: Int
) {
    var j = 0
    while j &+ Vector.scalarCount <= columns {
        store(load(source + j), destination + j)
        j &+= Vector.scalarCount
    }
    while j < columns {
        destination[j] = source[j]
        j &+= 1
    }
    while j < width {
        destination[j] = 0
        j &+= 1
    }
}

/// `[columns, depth]` into panels: a transposition.
@Sendable
func packMatrixColumns(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, _ copy: PanelCopy
) {
    let full = panelWidth(copy)
    var column = 0
    while column < copy.columns {
        let left = copy.columns &- column
        let width = paddedWidth(copy, left)
        let panel = destination + (column &* copy.panelDepth &+ copy.firstRow &* width)
        var j = 0
        while j < width {
            var k = 0
            if j < left {
                let row = source + (column &+ j) &* copy.sourceStride
                while k < copy.depth {
                    panel[k &* width &+ j] = row[k]
                    k &+= 1
                }
            }
            while k < copy.depth {
                panel[k &* width &+ j] = 0
                k &+= 1
            }
            j &+= 1
        }
        column &+= full
    }
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
