import KernelInterface

/// A part of a matrix product that the calling thread computes alone: some rows, a range of the
/// result's columns, a range of the sums.
struct ProductPart {
    /// The left operand's first row, at the first element of `depth`, and the stride of its rows.
    let a: (pointer: UnsafePointer<Float>, stride: Int)
    /// The result's first row, at the first of `columns`, and the stride of its rows.
    let c: (pointer: UnsafeMutablePointer<Float>, stride: Int)
    /// Number of rows.
    let rows: Int
    /// Columns of the whole result; the first is a multiple of a panel's width.
    let columns: Range<Int>
    /// Elements of the sums; what comes before them stands in the result already.
    let depth: Range<Int>
}

extension PackedMatrix {
    /// Adds the products of a part to its sums, in the order of the whole product.
    ///
    /// - Parameters:
    ///   - part: What is computed.
    ///   - epilogue: The bias that the sums begin with, and what follows once they are complete;
    ///     its pointers are those of the part's first element.
    func multiply(_ part: ProductPart, epilogue: MatrixEpilogue) {
        let width = kernels.matrix.panelWidth
        // The last panel may be one vector wide: there, a step of the sums is shorter.
        let wide = layout.paddedColumns / width * width
        let split = min(max(wide, part.columns.lowerBound), part.columns.upperBound)
        multiply(part, part.columns.lowerBound..<split, step: width, epilogue)
        multiply(part, split..<part.columns.upperBound, step: kernels.matrix.vectorWidth, epilogue)
    }

    private func multiply(
        _ part: ProductPart, _ columns: Range<Int>, step: Int, _ epilogue: MatrixEpilogue
    ) {
        guard !columns.isEmpty else { return }
        let column = columns.lowerBound - part.columns.lowerBound
        let epilogue = epilogue.advanced(by: column, column: column)
        layout.forEachBlock { whole in
            let depth = whole.clamped(to: part.depth)
            guard !depth.isEmpty else { return }
            let b =
                panels + whole.lowerBound * layout.paddedColumns
                + whole.count * columns.lowerBound + (depth.lowerBound - whole.lowerBound) * step
            let c = part.c.pointer + column
            var block = MatrixBlock(
                a: (part.a.pointer + (depth.lowerBound - part.depth.lowerBound), part.a.stride),
                b: (UnsafePointer(b), whole.count * kernels.matrix.panelWidth),
                c: (c, part.c.stride), rows: part.rows, columns: columns.count,
                depth: depth.count)
            block.aTileStride = part.a.stride * kernels.matrix.tileRows
            if depth.lowerBound > 0 {
                block.start = UnsafePointer(c)
                block.startRowStride = part.c.stride
            } else {
                block.start = epilogue.bias
            }
            if depth.upperBound == layout.depth, epilogue.changesSums { block.epilogue = epilogue }
            kernels.matrix.multiply(block)
        }
    }
}
