import CMachine
import KernelInterface

/// Columns of a panel with `left` columns still to come, padding included.
@inline(__always)
func paddedWidth(_ left: Int) -> Int {
    left > Vector.scalarCount ? 2 &* Vector.scalarCount : Vector.scalarCount
}

/// `[depth, columns]` into panels.
@Sendable
func packMatrixRows(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, _ copy: PanelCopy
) {
    var column = 0
    while column < copy.columns {
        let left = copy.columns &- column
        let width = paddedWidth(left)
        let columns = left < width ? left : width
        var panel = destination + (column &* copy.panelDepth &+ copy.firstRow &* width)
        var from = source + column
        var k = 0
        while k < copy.depth {
            copyFloats(from, panel, columns)
            fillZero(panel + columns, width &- columns)
            from += copy.sourceStride
            panel += width
            k &+= 1
        }
        column &+= 2 &* Vector.scalarCount
    }
}

/// Steps of depth that are transposed at once, so that their lines stay in the first-level cache.
private let transposedSteps = 64

/// `[columns, depth]` into panels: a transposition.
@Sendable
func packMatrixColumns(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>, _ copy: PanelCopy
) {
    var column = 0
    while column < copy.columns {
        let left = copy.columns &- column
        let width = paddedWidth(left)
        let columns = left < width ? left : width
        let panel = destination + (column &* copy.panelDepth &+ copy.firstRow &* width)
        let from = source + column &* copy.sourceStride
        var k = 0
        while k < copy.depth {
            let rest = copy.depth &- k
            let steps = rest < transposedSteps ? rest : transposedSteps
            // What follows: the next steps of the same columns, or the first ones of the next.
            let next = rest > steps ? steps : width &* copy.sourceStride &- k
            transposeStrip(
                TransposedStrip(
                    source: from + k, stride: copy.sourceStride, columns: columns, depth: steps,
                    next: next),
                panel + k &* width, width)
            k &+= transposedSteps
        }
        column &+= 2 &* Vector.scalarCount
    }
}

/// A few steps of depth of the columns of a panel.
private struct TransposedStrip {
    let source: UnsafePointer<Float>
    /// Floats from column to column of the panel.
    let stride: Int
    let columns: Int
    let depth: Int
    /// Floats from an element to that of the strip after this one.
    let next: Int
}

/// Transposes `[columns, depth]` to `[depth, width]`, zero beyond `columns`.
@inline(__always)
private func transposeStrip(
    _ strip: TransposedStrip, _ panel: UnsafeMutablePointer<Float>, _ width: Int
) {
    var j = 0
    while j &+ 4 <= strip.columns {
        transposeFour(strip, strip.source + j &* strip.stride, panel + j, width)
        j &+= 4
    }
    while j < width {
        let row = strip.source + j &* strip.stride
        var k = 0
        while k < strip.depth {
            panel[k &* width &+ j] = j < strip.columns ? row[k] : 0
            k &+= 1
        }
        j &+= 1
    }
}

/// Transposes four rows of a strip, four by four.
@inline(__always)
private func transposeFour(
    _ strip: TransposedStrip, _ row: UnsafePointer<Float>, _ panel: UnsafeMutablePointer<Float>,
    _ width: Int
) {
    let stride = strip.stride
    let (second, third, fourth) = (row + stride, row + 2 &* stride, row + 3 &* stride)
    let ahead = row + strip.next
    var to = panel
    var k = 0
    while k &+ 4 <= strip.depth {
        // One line of four rows each time: after sixteen columns they are all asked for.
        cm_prefetch(ahead + ((k & 15) &>> 2 &* stride &+ (k & ~15)))
        let square = transposed(
            SIMD16(
                lowHalf: SIMD8(lowHalf: loadFour(row + k), highHalf: loadFour(second + k)),
                highHalf: SIMD8(lowHalf: loadFour(third + k), highHalf: loadFour(fourth + k))))
        storeFour(square.lowHalf.lowHalf, to)
        storeFour(square.lowHalf.highHalf, to + width)
        storeFour(square.highHalf.lowHalf, to + 2 &* width)
        storeFour(square.highHalf.highHalf, to + 3 &* width)
        to += 4 &* width
        k &+= 4
    }
    while k < strip.depth {
        to[0] = row[k]
        to[1] = second[k]
        to[2] = third[k]
        to[3] = fourth[k]
        to += width
        k &+= 1
    }
}

/// Four rows of four, transposed: taking even before odd lanes turns the index by one bit.
@inline(__always)
func transposed(_ square: SIMD16<Float>) -> SIMD16<Float> {
    let half = SIMD16(lowHalf: square.evenHalf, highHalf: square.oddHalf)
    return SIMD16(lowHalf: half.evenHalf, highHalf: half.oddHalf)
}

@inline(__always)
func loadFour(_ source: UnsafePointer<Float>) -> SIMD4<Float> {
    UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
private func storeFour(_ value: SIMD4<Float>, _ destination: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(destination).storeBytes(of: value, as: SIMD4<Float>.self)
}
