import KernelInterface

/// The table of this copy.
public func kernelTable() -> KernelTable {
    #if KERNELS_V4
        let instructionSet = InstructionSet.v4
    #else
        let instructionSet = InstructionSet.v3
    #endif
    return KernelTable(
        instructionSet: instructionSet,
        elementwise: elementwiseKernels(),
        matrix: matrixKernels,
        convolution: convolutionKernels,
        winograd: winogradKernels,
        polyphase: polyphaseKernels,
        activation: activationKernels(),
        channel: channelKernels(),
        normalization: normalizationKernels(),
        batchNorm: batchNormKernels(),
        depthwise: depthwiseKernels(),
        optimizer: optimizerKernels(),
        warp: warpKernels(),
        position: positionKernels(),
        attention: attentionKernels())
}
