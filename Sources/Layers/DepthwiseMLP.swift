import Tensors

/// Two 1x1 convolutions with a depth-wise 3x3 one and the exact GELU between them.
///
/// `y = contract(gelu(local(expand(x))))`: the MLP of PVT v2 (Wang et al., 2022), of VAN and of
/// BEVANet. Weights begin as He's normal by outputs, biases at 0.
public struct DepthwiseMLP: Sendable {
    /// What follows the first convolution.
    public enum Expansion: Sendable {
        /// Nothing.
        case linear
        /// A ReLU.
        case rectified
    }

    private let expand: Conv2d
    private let local: DepthwiseConv2d
    private let contract: Conv2d
    private let expansion: Expansion

    /// Declares the convolutions.
    ///
    /// - Parameters:
    ///   - expand: The authors' place of the 1x1 convolution to the hidden channels.
    ///   - local: That of the depth-wise convolution.
    ///   - contract: That of the 1x1 convolution back.
    ///   - channels: Channels of input and output.
    ///   - hidden: Channels between.
    ///   - expansion: What follows the first convolution.
    public init(
        expand: ParameterScope, local: ParameterScope, contract: ParameterScope, channels: Int,
        hidden: Int, expansion: Expansion = .linear
    ) {
        self.expand = Conv2d(
            expand, channels, hidden, kernel: 1, initializer: .heNormal(fanOut: hidden))
        self.local = DepthwiseConv2d(
            local, hidden, kernel: 3, padding: 1, initializer: .heNormal(fanOut: 3 * 3))
        self.contract = Conv2d(
            contract, hidden, channels, kernel: 1, initializer: .heNormal(fanOut: channels))
        self.expansion = expansion
    }

    /// Mixes channels.
    ///
    /// - Parameter x: `[N, H, W, C]`.
    /// - Returns: The same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        if let y = trained(x) { return y }
        let expanded = expansion == .rectified ? expand(x).relu() : expand(x)
        return contract(geluOf: local(expanded))
    }
    /// The same while a tape records, without keeping what lies between; nil where that is no gain.
    private func trained(_ x: Tensor) -> Tensor? {
        guard Tape.isRecording, expansion == .linear, let first = expand.parameters,
            let middle = local.parameters, let last = contract.parameters
        else { return nil }
        return x.mixed(expand: first, local: middle, contract: last)
    }
}
