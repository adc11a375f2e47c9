import KernelInterface

/// Tensors of the same rows side by side.
///
/// `[..., C1]`, `[..., C2]`, and so on to `[..., C1 + C2 + ...]`. Each gradient is the part of `dy` where its tensor stands.
public struct ChannelConcatenation: Operation {
    /// The name in layer tables.
    public let name = "ChannelConcatenation"

    /// Makes the operation.
    public init() {}

    /// The first input's shape with the channels of all.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let first = inputs[0]
        precondition(
            first.rank > 0
                && inputs.allSatisfy { $0.dimensions.dropLast() == first.dimensions.dropLast() },
            "concatenation of \(inputs)")
        return first.replacingChannels(with: inputs.reduce(0) { $0 + $1.channels })
    }

    /// Copies input by input.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let stride = x.shapes.reduce(0) { $0 + $1.channels }
        var start = 0
        for (index, shape) in x.shapes.enumerated() {
            ChannelCopy(
                source: x[index], sourceStride: shape.channels, target: y + start,
                targetStride: stride
            ).run(shape.extent)
            start += shape.channels
        }
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let counts = inputs.map(\.shape.channels)
        return { dy, needs in
            var start = 0
            return zip(counts, needs).map { count, isNeeded in
                defer { start += count }
                return isNeeded ? dy.channels(start..<start + count) : nil
            }
        }
    }
}

extension Tensor {
    /// Tensors of the same rows side by side along the last axis.
    ///
    /// - Parameter tensors: At least one; all but the last extent agree.
    /// - Returns: `[..., sum of all channels]`; of a single tensor the tensor itself.
    public static func concatenated(_ tensors: [Tensor]) -> Tensor {
        tensors.count == 1 ? tensors[0] : ChannelConcatenation().apply(to: tensors)
    }
}
