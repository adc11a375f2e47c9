import Layers
import Tensors

/// Attention of all pixels to all pixels, with 8 heads whatever the width.
///
/// `y = softmax(q kᵀ / sqrt(C / 8)) v` for each head, without a bias in the projection to `q`, `k`
/// and `v`, and a linear map behind. With a side kernel, a depth-wise convolution is added before
/// that map (LePE): of the input in the authors' first code, of the values in their second one.
struct FullAttention {
    /// What the convolution that is added is applied to.
    enum Position {
        /// Nothing is added.
        case none
        /// The input of the attention; side of the kernel.
        case ofInput(kernel: Int)
        /// The values; side of the kernel.
        case ofValues(kernel: Int)
    }

    /// Number of heads.
    static let heads = 8

    private let projection: PointwiseMap
    private let output: PointwiseMap
    private let position: DepthwiseConv2d?
    private let isPositionOfValues: Bool
    private let channels: Int
    private let name: String

    init(
        _ scope: ParameterScope, channels c: Int, position: Position,
        form: PointwiseMap.Form = .linear
    ) {
        channels = c
        name = scope.prefix
        projection = PointwiseMap(scope["qkv"], c, 3 * c, bias: false, form)
        output = PointwiseMap(scope["proj"], c, c, form)
        switch position {
        case .ofInput(let kernel) where kernel > 0, .ofValues(let kernel) where kernel > 0:
            self.position = DepthwiseConv2d(
                scope["lepe"], c, kernel: kernel, padding: kernel / 2)
        default: self.position = nil
        }
        switch position {
        case .ofValues: isPositionOfValues = true
        case .ofInput, .none: isPositionOfValues = false
        }
    }

    /// Attends.
    ///
    /// - Parameter x: `[N, H, W, C]`.
    /// - Returns: The same shape.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let (qkv, width) = (projection(x), channels / Self.heads)
        var y = Graph.named(name) {
            SelfAttention(heads: Self.heads, keyWidth: width, valueWidth: width)(qkv)
        }
        if let position {
            y =
                y
                + position(isPositionOfValues ? qkv.channels(2 * channels..<3 * channels) : x)
        }
        return output(y)
    }
}

/// A linear map of the channels, stored as a linear layer or as a 1x1 convolution.
///
/// The same numbers; file shapes and initial values differ.
struct PointwiseMap {
    /// How the weight is stored and begins.
    enum Form {
        /// `[O, I]`, truncated normal.
        case linear
        /// `[O, I, 1, 1]`, PyTorch's default.
        case convolution
    }

    private enum Layer {
        case linear(Linear)
        case convolution(Conv2d)
    }

    private let layer: Layer

    init(
        _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, bias: Bias = true, _ form: Form
    ) {
        switch form {
        case .linear:
            layer = .linear(
                Linear(
                    scope, inputs, outputs, bias: bias, initializer: BiFormer.linearInitializer))
        case .convolution:
            layer = .convolution(Conv2d(scope, inputs, outputs, kernel: 1, bias: bias))
        }
    }

    /// Maps the last axis.
    ///
    /// - Parameter x: `[N, H, W, I]`.
    /// - Returns: `[N, H, W, O]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        switch layer {
        case .linear(let linear): linear(x)
        case .convolution(let convolution): convolution(x)
        }
    }
}
