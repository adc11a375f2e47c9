/// The rows of factors of a BatchNorm, each as long as a row of the map.
public enum BatchNormRow {
    /// Mean of a channel.
    public static let mean = 0
    /// `1 / sqrt(variance + epsilon)`; before that is known, the sum of squares around the mean.
    public static let inverse = 1
    /// `weight * inverse`.
    public static let scale = 2
    /// `bias - mean * scale`.
    public static let shift = 3
    /// Number of rows.
    public static let count = 4
}

/// A map before and after BatchNorm.
public struct BatchNormOperands {
    /// The map.
    public let x: UnsafePointer<Float>
    /// The rows of `BatchNormRow`.
    public let factors: UnsafePointer<Float>
    /// What is added to the result, or nil.
    public let shortcut: UnsafePointer<Float>?
    /// Whether ReLU follows.
    public let isRectified: Bool

    /// Makes the operands.
    ///
    /// - Parameters:
    ///   - x: The map.
    ///   - factors: The rows of `BatchNormRow`.
    ///   - shortcut: What is added to the result, or nil.
    ///   - isRectified: Whether ReLU follows.
    public init(
        x: UnsafePointer<Float>, factors: UnsafePointer<Float>, shortcut: UnsafePointer<Float>?,
        isRectified: Bool
    ) {
        self.x = x
        self.factors = factors
        self.shortcut = shortcut
        self.isRectified = isRectified
    }

    /// The operands of a part of the map.
    ///
    /// - Parameters:
    ///   - offset: Floats of the map before the part.
    ///   - column: Channels before the part.
    /// - Returns: The operands.
    public func advanced(by offset: Int, column: Int) -> BatchNormOperands {
        BatchNormOperands(
            x: x + offset, factors: factors + column, shortcut: shortcut.map { $0 + offset },
            isRectified: isRectified)
    }
}

/// Means, and sums of squares around them: map, two rows of results as far apart as its rows, part.
public typealias BatchStatisticsKernel =
    @Sendable (
        UnsafePointer<Float>, UnsafeMutablePointer<Float>, MatrixPart
    ) -> Void

/// `x scale + shift`, then ReLU or a sum: operands, destination, part.
public typealias BatchNormKernel =
    @Sendable (
        BatchNormOperands, UnsafeMutablePointer<Float>, MatrixPart
    ) -> Void

/// Sums over the rows: `dy`, operands, two rows of results as far apart as the map's, part.
public typealias BatchNormSumsKernel =
    @Sendable (
        UnsafePointer<Float>, BatchNormOperands, UnsafeMutablePointer<Float>, MatrixPart
    ) -> Void

/// `dx = dy scale + x slope + constant`: `dy`, operands, rows slope and constant, `dx`, part.
public typealias BatchNormGradientKernel =
    @Sendable (
        UnsafePointer<Float>, BatchNormOperands, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>, MatrixPart
    ) -> Void

/// BatchNorm in training, of some rows and some channels of a map.
///
/// Behind ReLU, `dy` counts only where `x scale + shift` is above 0, which is computed again.
public struct BatchNormKernels: Sendable {
    /// Means, then `sum((x - mean)^2)`.
    public let statistics: BatchStatisticsKernel
    /// The normalised map.
    public let normalize: BatchNormKernel
    /// `sum(dy)`, then `sum(dy (x - mean))`.
    public let sums: BatchNormSumsKernel
    /// The gradient of the map.
    public let gradient: BatchNormGradientKernel

    /// Makes the group.
    public init(
        statistics: @escaping BatchStatisticsKernel, normalize: @escaping BatchNormKernel,
        sums: @escaping BatchNormSumsKernel, gradient: @escaping BatchNormGradientKernel
    ) {
        self.statistics = statistics
        self.normalize = normalize
        self.sums = sums
        self.gradient = gradient
    }
}
