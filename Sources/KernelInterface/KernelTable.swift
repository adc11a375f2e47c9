/// The instruction set that a table of kernels was compiled for.
public enum InstructionSet: Int, Sendable {
    /// AVX2 and FMA (x86-64-v3), or the baseline of another architecture.
    case v3
    /// AVX-512 (x86-64-v4).
    case v4
}

/// The inner loops, as function values: filled once by each compiled copy of the kernels.
///
/// One file a group declares the functions of that group; the file of the same name in `Kernels`
/// fills them. Kernels take pointers and counts, never allocate and never start threads.
public struct KernelTable: Sendable {
    /// What the copy was compiled for.
    public let instructionSet: InstructionSet
    /// Element by element.
    public let elementwise: ElementwiseKernels
    /// Matrix products.
    public let matrix: MatrixKernels
    /// Convolutions.
    public let convolution: ConvolutionKernels
    /// 3x3 convolutions by minimal filtering.
    public let winograd: WinogradKernels
    /// 3x3 convolutions with stride 2 by phases and minimal filtering.
    public let polyphase: PolyphaseKernels
    /// Activations and their pullbacks.
    public let activation: ActivationKernels
    /// Matrices with one factor a channel.
    public let channel: ChannelKernels
    /// Normalisation along the channels.
    public let normalization: NormalizationKernels
    /// BatchNorm in training.
    public let batchNorm: BatchNormKernels
    /// Depth-wise convolution.
    public let depthwise: DepthwiseKernels
    /// Updates of parameters.
    public let optimizer: OptimizerKernels
    /// Resampling of images.
    public let warp: WarpKernels
    /// Matrices with one factor a row.
    public let position: PositionKernels
    /// Softmax attention beside its products.
    public let attention: AttentionKernels

    /// Makes a table from its groups.
    public init(
        instructionSet: InstructionSet,
        elementwise: ElementwiseKernels,
        matrix: MatrixKernels,
        convolution: ConvolutionKernels,
        winograd: WinogradKernels,
        polyphase: PolyphaseKernels,
        activation: ActivationKernels,
        channel: ChannelKernels,
        normalization: NormalizationKernels,
        batchNorm: BatchNormKernels,
        depthwise: DepthwiseKernels,
        optimizer: OptimizerKernels,
        warp: WarpKernels,
        position: PositionKernels,
        attention: AttentionKernels
    ) {
        self.instructionSet = instructionSet
        self.elementwise = elementwise
        self.matrix = matrix
        self.convolution = convolution
        self.winograd = winograd
        self.polyphase = polyphase
        self.activation = activation
        self.channel = channel
        self.normalization = normalization
        self.batchNorm = batchNorm
        self.depthwise = depthwise
        self.optimizer = optimizer
        self.warp = warp
        self.position = position
        self.attention = attention
    }
}
