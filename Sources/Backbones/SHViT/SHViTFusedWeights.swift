import Tensors

/// The state dict of the authors' `replace_batchnorm`, turned back into that of the network.
///
/// Fusing folds each BatchNorm's statistics and scale into the convolution before it, which gets a
/// bias, folds the shortcut around a depth-wise convolution into its centre tap, and folds the
/// head's BatchNorm into its linear map. Turned back, BatchNorm with given statistics only adds
/// that bias; so evaluation gives the same outputs. Training with the statistics of batches would
/// not.
struct SHViTFusedWeights {
    private let tensors: [NamedTensor]

    /// Looks at a state dict; nil when its BatchNorms are not fused.
    ///
    /// - Parameter tensors: All tensors under the authors' names.
    init?(_ tensors: [NamedTensor]) {
        let names = Set(tensors.map(\.name))
        guard names.isSuperset(of: ["patch_embed.0.weight", "patch_embed.0.bias"]) else {
            return nil
        }
        self.tensors = tensors
    }

    /// The tensors under the names of the network that was not fused.
    var unfused: [NamedTensor] { tensors.flatMap(unfused) }

    /// What a layer was before it was fused.
    private enum Layer {
        /// Squeeze and excitation, and GroupNorm: never fused.
        case plain
        /// A linear map behind a BatchNorm.
        case head
        /// A convolution before a BatchNorm.
        case convolution
        /// A depth-wise convolution before a BatchNorm, with a shortcut around both.
        case residual
    }

    private func unfused(_ tensor: NamedTensor) -> [NamedTensor] {
        guard let dot = tensor.name.lastIndex(of: ".") else { return [tensor] }
        let layer = String(tensor.name[..<dot])
        let isWeight = tensor.name[dot...] == ".weight"
        switch Self.kind(of: layer) {
        case .plain: return [tensor]
        case .head:
            let linear = tensor.renamed(layer + ".l" + tensor.name[dot...])
            guard isWeight else { return [linear] }
            let norm = identity(layer + ".bn", channels: tensor.shape[1])
            return [linear] + norm + [constant(0, layer + ".bn.bias", norm[0].shape)]
        case .convolution:
            return isWeight
                ? [tensor.renamed(layer + ".c.weight")] : normalized(tensor, layer + ".bn")
        case .residual:
            return isWeight
                ? [withoutShortcut(tensor, layer + ".m.c.weight")]
                : normalized(tensor, layer + ".m.bn")
        }
    }

    private static func kind(of layer: String) -> Layer {
        let parts = layer.split(separator: ".")
        switch parts.last {
        case "fc1", "fc2", "pre_norm": return .plain
        case "head", "head_dist": return .head
        case "conv": return .residual
        case "0" where parts.count == 3: return .residual
        default: return .convolution
        }
    }

    /// A BatchNorm that adds the fused bias and does nothing else.
    private func normalized(_ bias: NamedTensor, _ norm: String) -> [NamedTensor] {
        [bias.renamed(norm + ".bias")] + identity(norm, channels: bias.shape[0])
    }

    /// Scale and statistics under which BatchNorm passes on what it gets.
    private func identity(_ norm: String, channels: Int) -> [NamedTensor] {
        let epsilon: Float = 1e-5
        return [
            constant(1, norm + ".weight", [channels]),
            constant(0, norm + ".running_mean", [channels]),
            constant(1 - epsilon, norm + ".running_var", [channels]),
        ]
    }

    private func constant(_ value: Float, _ name: String, _ shape: Shape) -> NamedTensor {
        NamedTensor(name, shape: shape) { [Float](repeating: value, count: shape.count) }
    }

    /// The weights without the 1 that the shortcut added to each centre tap.
    private func withoutShortcut(_ weight: NamedTensor, _ name: String) -> NamedTensor {
        NamedTensor(name, shape: weight.shape) {
            var elements = try weight.elements()
            let taps = weight.shape[2] * weight.shape[3]
            for centre in stride(from: taps / 2, to: elements.count, by: taps) {
                elements[centre] -= 1
            }
            return elements
        }
    }
}
