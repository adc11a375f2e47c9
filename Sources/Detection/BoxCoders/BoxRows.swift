import Tensors

extension Tensor {
    /// Four elements of a tensor whose rows have four: a box or its code.
    ///
    /// - Parameter index: Number of the row.
    /// - Returns: The elements.
    @inline(__always)
    func row(_ index: Int) -> SIMD4<Float> {
        withElements { x in
            SIMD4(x[4 * index], x[4 * index + 1], x[4 * index + 2], x[4 * index + 3])
        }
    }
}

extension UnsafeMutablePointer<Float> {
    /// Writes a row of four.
    @inline(__always)
    func storeRow(_ values: SIMD4<Float>, _ index: Int) {
        for lane in 0..<4 { self[4 * index + lane] = values[lane] }
    }

    /// Writes the corners of a box as a row of four.
    @inline(__always)
    func storeBox(_ box: Box, _ index: Int) {
        storeRow(SIMD4(box.x1, box.y1, box.x2, box.y2), index)
    }
}

extension Box {
    /// The box of four corners x1, y1, x2, y2.
    init(_ corners: SIMD4<Float>) {
        self.init(x1: corners.x, y1: corners.y, x2: corners.z, y2: corners.w)
    }
}
