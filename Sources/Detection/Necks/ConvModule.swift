import Layers
import Tensors

/// The norm after a convolution, with the keys of mmdetection's `norm_cfg`.
public struct NormConfiguration: Codable, Sendable, Hashable {
    /// The kinds of norm, by their names in configurations.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// No norm: the convolution has a bias.
        case none
        /// GroupNorm.
        case groupNorm = "GN"
        /// BatchNorm.
        case batchNorm = "BN"
    }

    /// Which norm.
    public var type: Kind
    /// Groups of a GroupNorm; they must divide the channels.
    public var numGroups: Int

    /// Makes a norm's configuration.
    ///
    /// - Parameters:
    ///   - type: Which norm.
    ///   - numGroups: Groups of a GroupNorm.
    public init(type: Kind = .none, numGroups: Int = 32) {
        self.type = type
        self.numGroups = numGroups
    }

    /// Checks that the norm fits a number of channels.
    ///
    /// - Parameters:
    ///   - channels: Channels that it normalises.
    ///   - place: Path of the norm's configuration.
    /// - Throws: `DetectionError` when the groups do not divide the channels.
    func validate(channels: Int, place: String) throws(DetectionError) {
        guard type == .groupNorm else { return }
        try Check.positive(numGroups, place + ".num_groups")
        guard channels % numGroups == 0 else {
            throw DetectionError(
                what: "\(numGroups) groups do not divide \(channels) channels",
                place: place + ".num_groups", fix: "give a divisor of \(channels)")
        }
    }
}

/// Activation at the end of a convolution block.
public enum Activation: String, Codable, Sendable, CaseIterable {
    /// None.
    case none
    /// Rectified linear unit.
    case relu = "ReLU"
}

/// Convolution, then norm, then activation: mmcv's block, with its keys `conv`, `gn` and `bn`.
public struct ConvModule: Sendable {
    /// How a block is made, beside its channels.
    public struct Settings: Sendable {
        /// When the convolution has a bias.
        public enum Bias: Sendable {
            /// Exactly when there is no norm.
            case withoutNorm
            /// Always.
            case always
        }

        var kernel = 3
        var stride = 1
        var norm = NormConfiguration()
        var activation = Activation.none
        var bias = Bias.withoutNorm
        var initializer: Initializer
    }

    private enum Norm: Sendable {
        case none
        case group(GroupNorm)
        case batch(BatchNorm2d)
    }

    private let convolution: Conv2d
    private let norm: Norm
    private let activation: Activation

    /// Declares the block's parameters.
    ///
    /// - Parameters:
    ///   - scope: Where its keys begin.
    ///   - inputs: Channels of the input.
    ///   - outputs: Channels of the output.
    ///   - settings: Kernel, stride, norm, activation, bias and initial weights.
    init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int, _ settings: Settings) {
        let hasBias = settings.bias == .always || settings.norm.type == .none
        convolution = Conv2d(
            scope["conv"], inputs, outputs, kernel: settings.kernel, stride: settings.stride,
            padding: settings.kernel / 2, bias: .when(hasBias), initializer: settings.initializer)
        norm =
            switch settings.norm.type {
            case .none: .none
            case .groupNorm:
                .group(GroupNorm(scope["gn"], outputs, groups: settings.norm.numGroups))
            case .batchNorm: .batch(BatchNorm2d(scope["bn"], outputs))
            }
        activation = settings.activation
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, C]`.
    ///   - context: Training or evaluation.
    /// - Returns: `[N, ceil(H / stride), ceil(W / stride), outputs]`.
    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
        let y = convolution(x)
        let normalized: Tensor
        switch norm {
        case .none: normalized = y
        case .group(let norm): normalized = norm(y)
        case .batch(let norm):
            return norm(y, context, ending: activation == .relu ? .rectified : .plain)
        }
        return activation == .relu ? normalized.relu() : normalized
    }
}
