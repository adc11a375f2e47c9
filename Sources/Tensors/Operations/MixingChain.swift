import KernelInterface

/// A weight and its bias.
public struct AffineParameters: Sendable {
    /// The weight.
    public let weight: Tensor
    /// One number for each output channel.
    public let bias: Tensor

    /// Makes a pair.
    ///
    /// - Parameters:
    ///   - weight: The weight.
    ///   - bias: One number for each output channel.
    public init(weight: Tensor, bias: Tensor) {
        self.weight = weight
        self.bias = bias
    }
}

/// The MLP of networks that mix neighbours in it, for training: `y = gelu(local(expand(x)))
/// contractᵀ`, of which nothing but the input is kept.
///
/// Both directions run chunk by chunk with what lies between the layers in the caches (`FusedChain`,
/// `ChainGradient`). To compute the hidden channels again costs less than to write and read them.
struct MixingChain {
    /// The input `[N, H, W, C]`, without a tape.
    let x: Tensor
    /// `H * C` elements, read as `[hidden, C]`.
    let expand: AffineParameters
    /// `[k, k, hidden]`.
    let local: AffineParameters
    /// `[O, hidden]`.
    let contract: AffineParameters
    /// How both directions are cut.
    let cut: ChainCut
    /// The convolution without its activation.
    let depthwise: ChainDepthwise

    /// Looks at an MLP; nil where its layers one by one are as fast.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, C]`.
    ///   - expand: The linear map to the hidden channels.
    ///   - local: The depth-wise convolution, its window square and of an odd side.
    ///   - contract: The linear map back.
    init?(
        _ x: Tensor, expand: AffineParameters, local: AffineParameters, contract: AffineParameters
    ) {
        let (map, window) = (x.shape, local.weight.shape)
        guard map.rank == 4, window.rank == 3, window[0] == window[1], window[0] % 2 == 1,
            window[2] > 0
        else { return nil }
        let (reach, hidden) = (window[0] / 2, window[2])
        let sizes = ChainSizes(
            samples: map[0], height: map[1], width: map[2], above: reach, below: reach,
            inputs: map[3], hidden: hidden, outputs: contract.weight.count / hidden)
        guard let cut = ChainCut(training: sizes),
            let depthwise = ChainDepthwise(
                FusedDepthwise(
                    DepthwiseConvolution(padding: MapExtent(height: reach, width: reach)),
                    input: map.replacingChannels(with: hidden), weight: local.weight,
                    bias: local.bias),
                cut: cut)
        else { return nil }
        self.x = x.detached
        self.expand = expand
        self.local = local
        self.contract = contract
        self.cut = cut
        self.depthwise = depthwise
    }

    /// Multiply-adds of the forward direction.
    var multiplyAdds: Int {
        x.shape.rows * cut.sizes.hidden
            * (cut.sizes.inputs + depthwise.taps + cut.sizes.outputs)
    }

    /// Computes the output.
    func output() -> Tensor {
        var activated = depthwise
        activated.activation = .gelu
        let chain = FusedChain(
            first: ChainProduct(
                matrix: PackedMatrix(expand.weight), bias: expand.bias, steps: EpilogueSteps()),
            local: activated,
            last: ChainProduct(
                matrix: PackedMatrix(contract.weight), bias: contract.bias,
                steps: EpilogueSteps()),
            output: x.shape.replacingChannels(with: cut.sizes.outputs), cut: cut)
        let scratch = Storage(count: chain.scratchCount([x.shape]))
        return Tensor(shape: chain.output) { y in
            x.withElements { x in
                withUnsafePointer(to: x) {
                    chain.forward(
                        Operands(shapes: [self.x.shape], pointers: $0), into: y,
                        scratch: scratch.pointer)
                }
            }
        }
    }
}

extension Tensor {
    /// `gelu(local(expand(x)))` and a linear map back, without keeping what lies between.
    ///
    /// For training. Gives nil where the layers one by one are as fast: small maps, and windows
    /// that are not computed straight from their map.
    ///
    /// - Parameters:
    ///   - expand: The linear map to the hidden channels, read as `[hidden, C]`.
    ///   - local: The depth-wise convolution `[k, k, hidden]` that keeps the size of the map.
    ///   - contract: The linear map back, read as `[O, hidden]`.
    /// - Returns: `[N, H, W, O]` for this tensor `[N, H, W, C]`, or nil.
    public func mixed(
        expand: AffineParameters, local: AffineParameters, contract: AffineParameters
    ) -> Tensor? {
        guard
            let chain = MixingChain(self, expand: expand, local: local, contract: contract)
        else { return nil }
        let inputs = [
            self, expand.weight, expand.bias, local.weight, local.bias, contract.weight,
            contract.bias,
        ]
        return chain.output().recorded(
            from: inputs, named: "MixingChain", multiplyAdds: chain.multiplyAdds
        ) {
            { dy, needs in
                zip(ChainGradient(chain)(dy), needs).map { $1 ? $0 : nil }
            }
        }
    }
}
