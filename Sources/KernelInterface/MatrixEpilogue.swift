/// What follows the sums of a product before its result is written for good.
///
/// `y = residual * residualScale + scale * (gate * activation(sums + bias))`; what is nil is left
/// out. A ReLU may follow.
public struct MatrixEpilogue: Sendable {
    /// A function of one element.
    public enum Activation: Sendable {
        /// The identity.
        case none
        /// `max(x, 0)`.
        case relu
        /// `x P(x)` with the normal distribution function.
        case gelu
        /// `x / (1 + exp(-x))`.
        case silu
        /// `1 / (1 + exp(-x))`.
        case sigmoid
    }

    // Pointers live as long as the call that the epilogue is made for.
    /// One number for each column of the result.
    public nonisolated(unsafe) var bias: UnsafePointer<Float>?
    /// What is applied to the sums.
    public var activation: Activation
    /// As many elements as the result.
    public nonisolated(unsafe) var gate: UnsafePointer<Float>?
    /// One number for each column of the result.
    public nonisolated(unsafe) var scale: UnsafePointer<Float>?
    /// As many elements as the result.
    public nonisolated(unsafe) var residual: UnsafePointer<Float>?
    /// One number for each column of the residual, or nil for 1.
    public nonisolated(unsafe) var residualScale: UnsafePointer<Float>?

    /// Whether `max(y, 0)` is written instead of `y`.
    public var isRectified = false

    /// Makes an epilogue.
    ///
    /// - Parameters:
    ///   - bias: One number for each column of the result.
    ///   - activation: What is applied to the sums.
    ///   - gate: As many elements as the result.
    ///   - scale: One number for each column of the result.
    ///   - residual: As many elements as the result.
    public init(
        bias: UnsafePointer<Float>? = nil, activation: Activation = .none,
        gate: UnsafePointer<Float>? = nil, scale: UnsafePointer<Float>? = nil,
        residual: UnsafePointer<Float>? = nil
    ) {
        self.bias = bias
        self.activation = activation
        self.gate = gate
        self.scale = scale
        self.residual = residual
    }

    /// Whether anything follows the addition of the bias.
    public var changesSums: Bool {
        activation != .none || gate != nil || scale != nil || residual != nil || isRectified
    }

    /// Whether it has at most ReLU and a residual without factors.
    public var isPlain: Bool {
        (activation == .none || activation == .relu) && gate == nil && scale == nil
            && residualScale == nil
    }

    /// The epilogue of a part of the result.
    ///
    /// - Parameters:
    ///   - offset: Elements of the result before the part.
    ///   - column: The part's first column.
    /// - Returns: The same with pointers into the part.
    public func advanced(by offset: Int, column: Int) -> MatrixEpilogue {
        var part = MatrixEpilogue(
            bias: bias.map { $0 + column }, activation: activation, gate: gate.map { $0 + offset },
            scale: scale.map { $0 + column }, residual: residual.map { $0 + offset })
        part.residualScale = residualScale.map { $0 + column }
        part.isRectified = isRectified
        return part
    }
}

/// Rows of a result that an epilogue runs over, in place.
public struct MatrixPart: Sendable {
    /// Number of rows.
    public var rows: Int
    /// Number of columns.
    public var columns: Int
    /// From one row to the next, also of gate and residual.
    public var stride: Int

    /// Makes a part.
    ///
    /// - Parameters:
    ///   - rows: Number of rows.
    ///   - columns: Number of columns.
    ///   - stride: From one row to the next, also of gate and residual.
    public init(rows: Int, columns: Int, stride: Int) {
        self.rows = rows
        self.columns = columns
        self.stride = stride
    }
}
