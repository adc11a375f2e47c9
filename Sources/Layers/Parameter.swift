import Tensors

/// How the axes of a parameter lie in memory, against the authors' order in files.
public enum ParameterLayout: Sendable {
    /// As in files.
    case authors
    /// Convolution weights: files have `[O, I, kh, kw]`, memory `[O, kh, kw, I]`.
    case channelsLast
    /// Depth-wise weights: files have `[C, 1, kh, kw]`, memory `[kh, kw, C]`.
    case depthwise
    /// Transposed convolution weights: files have `[I, O, kh, kw]`, memory `[kh, kw, O, I]`.
    case transposed
}

/// Whether gradients reach a parameter and whether weight decay applies to it.
public enum ParameterRole: Sendable {
    /// Trained, with weight decay.
    case weight
    /// Trained, without weight decay: norms and biases.
    case undecayed
    /// Not trained: a running statistic.
    case buffer
    /// Not trained and an integer in files: BatchNorm's `num_batches_tracked`.
    case counter
}

/// A named tensor of a model: what checkpoints hold and optimisers change.
public final class Parameter: @unchecked Sendable {
    // @unchecked: changed by the trainer's thread between passes only.

    /// The authors' state-dict name.
    public let name: String
    /// The shape in files, in the authors' order.
    public let fileShape: Shape
    /// How memory differs from files.
    public let layout: ParameterLayout
    /// Whether it is trained and decays.
    public let role: ParameterRole
    /// Whether it is left as it is by training although its role says otherwise.
    public var isFrozen = false
    /// The values, in memory layout.
    public var value: Tensor
    /// Where gradients arrive, in memory layout.
    public let gradient = GradientSink()

    init(
        name: String, fileShape: Shape, layout: ParameterLayout, role: ParameterRole, value: Tensor
    ) {
        self.name = name
        self.fileShape = fileShape
        self.layout = layout
        self.role = role
        self.value = value
    }

    /// Whether an optimiser changes it.
    public var isTrained: Bool {
        switch role {
        case .weight, .undecayed: !isFrozen
        case .buffer, .counter: false
        }
    }

    /// The values for a forward pass: a leaf of the tape while one records and it is trained.
    public var tensor: Tensor { isTrained ? value.leaf(gradient) : value }

    /// The values in the authors' layout, row-major.
    public var fileElements: [Float] { Self.toFile(value.elements, fileShape, layout) }

    /// Takes values in the authors' layout.
    ///
    /// - Parameter elements: As many as `fileShape` says, row-major.
    public func setFileElements(_ elements: [Float]) { value = memoryValue(elements) }

    /// Values in the authors' layout as the parameter would hold them.
    func memoryValue(_ elements: [Float]) -> Tensor {
        precondition(elements.count == fileShape.count, "\(elements.count) for \(fileShape)")
        return Tensor(shape: Self.memoryShape(fileShape, layout)) { target in
            elements.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress else { return }
                Self.toMemory(source, target, fileShape, layout)
            }
        }
    }

    /// The gradient in the authors' layout, or nil when none arrived.
    public var fileGradient: [Float]? {
        gradient.value.map { Self.toFile($0.elements, fileShape, layout) }
    }

    static func memoryShape(_ shape: Shape, _ layout: ParameterLayout) -> Shape {
        switch layout {
        case .authors: shape
        case .channelsLast: [shape[0], shape[2], shape[3], shape[1]]
        case .depthwise: [shape[2], shape[3], shape[0]]
        case .transposed: [shape[2], shape[3], shape[1], shape[0]]
        }
    }

    private static func toMemory(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ shape: Shape,
        _ layout: ParameterLayout
    ) {
        switch layout {
        case .authors: y.update(from: x, count: shape.count)
        case .channelsLast: transpose(x, y, shape[0], shape[1], shape[2] * shape[3])
        case .depthwise: transpose(x, y, 1, shape[0], shape[2] * shape[3])
        case .transposed:
            let (block, taps) = (shape[1] * shape[2] * shape[3], shape[2] * shape[3])
            withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, shape.count)) {
                guard let between = $0.baseAddress else { return }
                transpose(x, between, shape[0], shape[1], taps)
                transpose(between, y, 1, shape[0], block)
            }
        }
    }

    static func toFile(_ x: [Float], _ shape: Shape, _ layout: ParameterLayout) -> [Float] {
        switch layout {
        case .authors: x
        case .channelsLast: transposed(x, shape[0], shape[2] * shape[3], shape[1])
        case .depthwise: transposed(x, 1, shape[2] * shape[3], shape[0])
        case .transposed:
            transposed(
                transposed(x, 1, shape[1] * shape[2] * shape[3], shape[0]), shape[0],
                shape[2] * shape[3], shape[1])
        }
    }

    /// Swaps the two inner axes of `[batch, rows, columns]`.
    private static func transposed(_ x: [Float], _ batch: Int, _ rows: Int, _ columns: Int)
        -> [Float]
    {
        [Float](unsafeUninitializedCapacity: x.count) { y, count in
            x.withUnsafeBufferPointer { x in
                guard let x = x.baseAddress, let y = y.baseAddress else { return }
                transpose(x, y, batch, rows, columns)
            }
            count = x.count
        }
    }

    private static func transpose(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ batch: Int, _ rows: Int,
        _ columns: Int
    ) {
        for b in 0..<batch {
            let start = b * rows * columns
            for c in 0..<columns {
                for r in 0..<rows { y[start + c * rows + r] = x[start + r * columns + c] }
            }
        }
    }
}
