import KernelInterface

/// Runs element-wise and row-wise kernels over whole tensors, on all threads.
enum Elements {
    /// `y = f(x)`.
    static func apply(
        _ kernel: UnaryKernel, _ x: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, count: Int
    ) {
        forEachBlock(count) { kernel(x + $0.lowerBound, y + $0.lowerBound, $0.count) }
    }

    /// `y = f(a, b)`.
    static func apply(
        _ kernel: BinaryKernel, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, count: Int
    ) {
        forEachBlock(count) {
            kernel(a + $0.lowerBound, b + $0.lowerBound, y + $0.lowerBound, $0.count)
        }
    }

    /// `f(a, b)` as a tensor of the shape of `a`.
    static func apply(_ kernel: BinaryKernel, _ a: Tensor, _ b: Tensor) -> Tensor {
        a.withElements { first in
            b.withElements { second in
                Tensor(shape: a.shape) {
                    apply(kernel, first, second, into: $0, count: a.count)
                }
            }
        }
    }

    /// Elements that one thread takes at once; keeps a block's operands in the first-level cache.
    static let block = 8192

    /// Cuts rows into blocks of about `block` elements.
    static func forEachRowBlock(_ extent: RowExtent, _ body: (Range<Int>) -> Void) {
        guard extent.channels > 0 else { return }
        forEachBlock(extent.rows, block: max(1, block / extent.channels), body)
    }
}

extension Shape {
    /// The shape read as a matrix whose rows are channels.
    var extent: RowExtent { RowExtent(rows: rows, channels: channels) }
}
