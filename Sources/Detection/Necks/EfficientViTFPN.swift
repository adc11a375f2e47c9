// The neck of "SHViT: Single-Head Vision Transformer with Memory Efficient Macro Design", Yun and
// Ro, CVPR 2024, section 4.4: the authors' downstream/efficientvit_fpn.py, which they took over from
// EfficientViT (Liu et al., CVPR 2023). Keys are theirs.

import Layers
import Tensors

/// Feature pyramid with levels finer than the backbone's, made by transposed convolutions.
///
/// A pyramid as `FPN`, and beside it `t[0] = transposed(lateral[0])`, `t[k] = transposed(t[k - 1])`,
/// each twice the size of its source, followed by a 3x3 convolution. For backbones such as SHViT
/// whose finest map has a stride of 16.
public struct EfficientViTFPN: Neck {
    /// The outputs, finest first.
    public let features: [FeatureSpec]
    private let pyramid: FPN
    private let transposed: [TransposedConv2d]
    private let outputs: [ConvModule]

    /// Declares the parameters.
    ///
    /// - Parameters:
    ///   - scope: Where `lateral_convs`, `fpn_convs`, `extra_trans_convs` and `extra_fpn_convs`
    ///     begin.
    ///   - configuration: The settings.
    ///   - inputs: The backbone's maps, finest first.
    /// - Throws: `DetectionError` when the settings do not fit the backbone.
    public init(
        _ scope: ParameterScope, _ configuration: EfficientViTFPNConfiguration,
        inputs: [FeatureSpec]
    ) throws(DetectionError) {
        try configuration.validate(inputs: inputs.map(\.stride))
        pyramid = try FPN(scope, configuration.pyramid, inputs: inputs)
        let channels = configuration.outChannels
        let levels = 0..<configuration.numExtraTransConvs
        transposed = levels.map {
            TransposedConv2d(
                scope["extra_trans_convs"][$0]["conv"], channels, channels, kernel: 2)
        }
        outputs = levels.map {
            ConvModule(
                scope["extra_fpn_convs"][$0], channels, channels,
                ConvModule.Settings(
                    norm: configuration.normCfg,
                    initializer: .xavierUniform(fanIn: 9 * channels, fanOut: 9 * channels)))
        }
        let finest = inputs[configuration.startLevel].stride
        let finer = levels.reversed().map {
            FeatureSpec(stride: finest >> ($0 + 1), channels: channels)
        }
        features = finer + pyramid.features
    }

    /// Makes the pyramid.
    ///
    /// - Parameters:
    ///   - features: The backbone's maps `[N, H, W, C]`, finest first.
    ///   - context: Training or evaluation.
    /// - Returns: `numOuts` maps `[N, H, W, outChannels]`, finest first. A transposed level is
    ///   exactly twice its source, which for odd images is more than their size over its stride.
    public func callAsFunction(_ features: [Tensor], _ context: Context) -> [Tensor] {
        let laterals = pyramid.laterals(features, context)
        var finer: [Tensor] = []
        for convolution in transposed {
            if let source = finer.first ?? laterals.first {
                finer.insert(convolution(source), at: 0)
            }
        }
        // The authors number the 3x3 convolutions from the largest map on, the transposed ones
        // from the smallest.
        return zip(outputs, finer).map { $0($1, context) }
            + pyramid.pyramid(features, laterals: laterals, context)
    }
}
