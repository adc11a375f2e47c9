/// The order `[N, C, H, W]`, which exists only at the doors: files of others and ONNX.
extension Tensor {
    /// Makes a tensor from elements in the order of files.
    ///
    /// - Parameters:
    ///   - shape: With four axes `[N, C, H, W]`, which becomes `[N, H, W, C]`; any other shape is
    ///     kept as it is.
    ///   - elements: As many as the shape says.
    public init(channelsFirst shape: Shape, _ elements: [Float]) {
        guard shape.rank == 4 else {
            self.init(shape: shape, elements)
            return
        }
        self.init(
            shape: [shape[0], shape[2], shape[3], shape[1]],
            Self.swapped(elements, shape[0], rows: shape[1], columns: shape[2] * shape[3]))
    }

    /// The shape in the order of files.
    public var channelsFirstShape: Shape {
        shape.rank == 4 ? [shape[0], shape[3], shape[1], shape[2]] : shape
    }

    /// The elements in the order of files.
    public var channelsFirstElements: [Float] {
        guard shape.rank == 4 else { return elements }
        return Self.swapped(elements, shape[0], rows: shape[1] * shape[2], columns: shape[3])
    }

    /// Swaps the inner axes of `[batch, rows, columns]`.
    private static func swapped(_ x: [Float], _ batch: Int, rows: Int, columns: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: x.count) { y, initialized in
            for index in 0..<batch {
                let start = index * rows * columns
                for column in 0..<columns {
                    for row in 0..<rows {
                        y.initializeElement(
                            at: start + column * rows + row, to: x[start + row * columns + column])
                    }
                }
            }
            initialized = x.count
        }
    }
}
