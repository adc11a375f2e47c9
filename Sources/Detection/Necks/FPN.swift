// Feature Pyramid Networks for Object Detection, Lin et al., CVPR 2017, section 3, with the extra
// levels of RetinaNet, FCOS and ATSS as mmdetection 3.3 has them; keys are mmdetection's.

import Layers
import Tensors

/// Feature pyramid network: maps of all strides with the same number of channels.
///
/// `lateral[i] = conv1x1(x[i]) + nearest(lateral[i + 1])`, `y[i] = conv3x3(lateral[i])`, and
/// coarser levels below the last.
public struct FPN: Neck {
    /// The outputs, finest first.
    public let features: [FeatureSpec]
    private let configuration: FPNConfiguration
    private let laterals: [ConvModule]
    private let outputs: [ConvModule]
    private let inputRange: Range<Int>

    /// Declares the parameters.
    ///
    /// - Parameters:
    ///   - scope: Where `lateral_convs` and `fpn_convs` begin.
    ///   - configuration: The settings.
    ///   - inputs: The backbone's maps, finest first.
    /// - Throws: `DetectionError` when the settings do not fit the backbone.
    public init(
        _ scope: ParameterScope, _ configuration: FPNConfiguration, inputs: [FeatureSpec]
    ) throws(DetectionError) {
        try configuration.validate(inputCount: inputs.count)
        self.configuration = configuration
        inputRange = configuration.startLevel..<configuration.end(of: inputs.count)
        let used = Array(inputs[inputRange])
        laterals = used.enumerated().map { index, input in
            Self.lateral(scope["lateral_convs"][index], configuration, inputs: input.channels)
        }
        let channels = configuration.outChannels
        let scopes = scope["fpn_convs"]
        let plain = used.indices.map {
            Self.output(scopes[$0], configuration, inputs: channels, stride: 1)
        }
        let last = used[used.count - 1]
        let extras = used.count..<configuration.numOuts
        let convolved = configuration.addExtraConvs == .none ? extras.prefix(0) : extras[...]
        let strided = convolved.map { index in
            let fromInput = index == used.count && configuration.addExtraConvs == .onInput
            return Self.output(
                scopes[index], configuration, inputs: fromInput ? last.channels : channels,
                stride: 2)
        }
        outputs = plain + strided
        let strides = used.map(\.stride) + extras.map { last.stride << ($0 - used.count + 1) }
        features = strides.map { FeatureSpec(stride: $0, channels: channels) }
    }

    private static func lateral(
        _ scope: ParameterScope, _ configuration: FPNConfiguration, inputs: Int
    ) -> ConvModule {
        let outputs = configuration.outChannels
        return ConvModule(
            scope, inputs, outputs,
            ConvModule.Settings(
                kernel: 1,
                norm: configuration.noNormOnLateral
                    ? NormConfiguration() : configuration.normCfg,
                activation: configuration.act,
                initializer: .xavierUniform(fanIn: inputs, fanOut: outputs)))
    }

    private static func output(
        _ scope: ParameterScope, _ configuration: FPNConfiguration, inputs: Int, stride: Int
    ) -> ConvModule {
        let outputs = configuration.outChannels
        return ConvModule(
            scope, inputs, outputs,
            ConvModule.Settings(
                stride: stride, norm: configuration.normCfg, activation: configuration.act,
                initializer: .xavierUniform(fanIn: 9 * inputs, fanOut: 9 * outputs)))
    }

    /// Makes the pyramid.
    ///
    /// - Parameters:
    ///   - features: The backbone's maps `[N, H, W, C]`, finest first.
    ///   - context: Training or evaluation.
    /// - Returns: `numOuts` maps `[N, H, W, outChannels]`, finest first.
    public func callAsFunction(_ features: [Tensor], _ context: Context) -> [Tensor] {
        pyramid(features, laterals: laterals(features, context), context)
    }

    /// Makes the lateral maps, each with all coarser ones added.
    ///
    /// - Parameters:
    ///   - features: The backbone's maps, finest first.
    ///   - context: Training or evaluation.
    /// - Returns: One map for each that is used, finest first.
    func laterals(_ features: [Tensor], _ context: Context) -> [Tensor] {
        var lateral = zip(laterals, features[inputRange]).map { $0($1, context) }
        for level in lateral.indices.dropFirst().reversed() {
            let finer = lateral[level - 1]
            lateral[level - 1] =
                finer
                + lateral[level].upsampledNearest(
                    height: finer.shape[1], width: finer.shape[2])
        }
        return lateral
    }

    /// Makes the outputs from the lateral maps.
    ///
    /// - Parameters:
    ///   - features: The backbone's maps, finest first.
    ///   - lateral: What `laterals` gave for them.
    ///   - context: Training or evaluation.
    /// - Returns: `numOuts` maps, finest first.
    func pyramid(_ features: [Tensor], laterals lateral: [Tensor], _ context: Context) -> [Tensor] {
        var pyramid = zip(outputs, lateral).map { $0($1, context) }
        guard let lastInput = features[inputRange].last, let lastLateral = lateral.last else {
            return pyramid
        }
        appendExtraLevels(to: &pyramid, lastInput, lastLateral, context)
        return pyramid
    }

    private func appendExtraLevels(
        to pyramid: inout [Tensor], _ lastInput: Tensor, _ lastLateral: Tensor, _ context: Context
    ) {
        let firstExtra = pyramid.count
        while pyramid.count < configuration.numOuts, let last = pyramid.last {
            let index = pyramid.count
            if index > firstExtra, configuration.addExtraConvs != .none {
                let source = configuration.reluBeforeExtraConvs ? last.relu() : last
                pyramid.append(outputs[index](source, context))
                continue
            }
            switch configuration.addExtraConvs {
            case .none: pyramid.append(last.subsampled())
            case .onInput: pyramid.append(outputs[index](lastInput, context))
            case .onLateral: pyramid.append(outputs[index](lastLateral, context))
            case .onOutput: pyramid.append(outputs[index](last, context))
            }
        }
    }
}
