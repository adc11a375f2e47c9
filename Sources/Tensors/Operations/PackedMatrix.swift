import KernelInterface

/// The weight of a linear map, packed once for many products, as a plan needs it.
public struct PackedMatrix: Sendable {
    /// Rows of the weight: columns of the result.
    public var outputs: Int { layout.columns }
    /// Columns of the weight: length of the sums.
    public var depth: Int { layout.depth }

    /// Where the panels lie.
    let layout: MatrixLayout
    /// First element of the packed weight.
    var panels: UnsafeMutablePointer<Float> { room.pointer + start }

    /// Memory of this weight, and of others.
    private let room: Storage
    private let start: Int

    /// Packs a weight.
    ///
    /// - Parameter weight: `[O, K]`, or any shape that is read so, such as `[O, 1, 1, K]`.
    public init(_ weight: Tensor) {
        let layout = Self.layout(weight)
        self.init(weight, layout, in: Storage(count: layout.count), at: 0)
    }

    /// Packs a weight into a part of a block of memory.
    ///
    /// - Parameters:
    ///   - weight: `[O, K]`, or any shape that is read so.
    ///   - layout: Where its panels lie.
    ///   - room: The block, with room for the layout's count.
    ///   - start: First element of the part.
    init(_ weight: Tensor, _ layout: MatrixLayout, in room: Storage, at start: Int) {
        self.layout = layout
        self.room = room
        self.start = start
        weight.withElements { layout.packTransposed($0, into: room.pointer + start) }
    }

    /// The layout of a weight `[O, K]`, or of any shape that is read so.
    static func layout(_ weight: Tensor) -> MatrixLayout {
        let outputs = weight.shape.rank > 0 ? weight.shape[0] : 1
        return MatrixLayout(depth: outputs > 0 ? weight.count / outputs : 0, columns: outputs)
    }

    /// The elements of the block that hold the weight.
    var place: WeightForesight {
        WeightForesight(room: room, range: start..<start + layout.count)
    }

    /// Packs a right operand.
    ///
    /// - Parameters:
    ///   - matrix: `[depth, columns]`, or any shape that is read so.
    ///   - depth: Length of the sums.
    ///   - columns: Columns of the result.
    init(rowMajor matrix: Tensor, depth: Int, columns: Int) {
        layout = MatrixLayout(depth: depth, columns: columns)
        room = Storage(count: layout.count)
        start = 0
        matrix.withElements { layout.pack($0, into: panels) }
    }

    /// Computes `y = epilogue(x Wᵀ)` on all threads, without allocation.
    ///
    /// - Parameters:
    ///   - x: `[rows, K]`.
    ///   - rows: Number of rows.
    ///   - y: Room for `[rows, O]`; it may not overlap `x` nor operands of the epilogue.
    ///   - epilogue: What follows the sums.
    public func run(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>,
        epilogue: MatrixEpilogue = MatrixEpilogue()
    ) {
        run(x, rows: rows, into: y, epilogue: epilogue, foresight: nil)
    }

    /// Computes the same while weights of later products are asked for.
    func run(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>,
        epilogue: MatrixEpilogue, foresight: WeightForesight?
    ) {
        var run = MatrixRun(layout: layout, rows: rows)
        run.foresight = foresight
        // A row-major operand is read in place, so there is no working memory to point to.
        run(
            .matrix(x, stride: layout.depth), panels, epilogue: epilogue, into: y, scratch: y)
    }
}

/// The weight of a convolution, packed once for many images of one size, as a plan needs it.
public struct PackedConvolution: Sendable {
    /// `[N, H', W', O]`.
    public let outputShape: Shape
    /// Multiply-adds of one call, those of the definition.
    public let multiplyAdds: Int
    /// Floats of working memory of `run`.
    public var scratchCount: Int { product.scratchCount }
    /// The name of the algorithm.
    var algorithmName: String { product.algorithmName }

    private let product: ConvolutionProduct
    private let panels: Storage

    /// Packs a weight.
    ///
    /// - Parameters:
    ///   - weight: `[O, kh, kw, I]`.
    ///   - input: `[N, H, W, I]`.
    ///   - operation: Stride and padding.
    ///   - others: The same weight packed for other inputs; what fits is shared.
    public init(
        _ weight: Tensor, input: Shape, operation: Convolution,
        sharing others: [PackedConvolution] = []
    ) {
        let geometry = operation.geometry([input, weight.shape])
        outputShape = geometry.output
        multiplyAdds = operation.multiplyAdds([input, weight.shape])
        let product = ConvolutionProduct(geometry, .manyCalls)
        self.product = product
        if let known = others.first(where: { product.sharesPacking(with: $0.product) }) {
            panels = known.panels
            return
        }
        panels = Storage(count: product.packedCount)
        let scratch = Storage(count: product.packingScratchCount)
        weight.withElements {
            product.pack($0, into: panels.pointer, scratch: scratch.pointer)
        }
    }

    /// Computes the convolution and its epilogue on all threads, without allocation.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, I]`.
    ///   - y: Room for `[N, H', W', O]`; it may not overlap `x`.
    ///   - epilogue: What follows the sums; its operands may not overlap `y`.
    ///   - scratch: Room for `scratchCount` floats.
    public func run(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
        epilogue: MatrixEpilogue = MatrixEpilogue(), scratch: UnsafeMutablePointer<Float>
    ) {
        product(x, panels.pointer, epilogue: epilogue, into: y, scratch: scratch)
    }
}
