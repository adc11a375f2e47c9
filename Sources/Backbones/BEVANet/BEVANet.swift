// "BEVANet: Bilateral Efficient Visual Attention Network for Real-time Semantic Segmentation",
// ICIP 2025, arXiv 2508.07300; a descendant of PIDNet (Xu et al., 2023).
//
// Key names and layout are those of the authors' code, which is followed throughout: the backbone
// alone, the segmentation network, and the classifier that the backbone is pretrained in.
// The authors' code takes sides that are multiples of 8 (or 16) alone, since it reshapes by the
// size of the image; here maps are resized to each other, so any size will do, and multiples give
// what the authors' code gives.

import Layers
import Tensors

/// Bilateral network: a semantic branch with attention by large kernels down to stride 32, and a
/// detail branch at stride 8 that takes from it twice.
///
/// Any image of at least 1x1 pixel. A training batch has two images at least: BatchNorm of the
/// kernel selection sees one value a sample.
public struct BEVANet: Backbone {
    /// The fused detail map, and the semantic maps at strides 16 and 32.
    public let features: [FeatureSpec]
    private let stem: Stem
    private let branches: Branches
    private let segmentation: Segmentation?
    private let classifier: Classifier?

    /// What the authors' heads read.
    public struct Maps: Sendable {
        /// The detail map after the first fusion, for an auxiliary head: `2 c` channels, stride 8.
        public let inter: Tensor
        /// The semantic map of layer 3: `4 c` channels, stride 16.
        public let shallowSemantic: Tensor
        /// The semantic map of layer 4: `8 c` channels, stride 32.
        public let semantic: Tensor
        /// The detail map after both fusions: `2 c` channels, stride 8.
        public let detail: Tensor
        /// The detail map widened for the fusion with the semantic one: `4 c` channels, stride 8.
        public let detailSemantic: Tensor

        /// The four maps that the authors' heads read, under the goldens' names.
        var outputs: [NamedOutput] {
            [
                NamedOutput("backbone.semantic", semantic),
                NamedOutput("backbone.detail_semantic", detailSemantic),
                NamedOutput("backbone.detail", detail),
                NamedOutput("backbone.inter", inter),
            ]
        }
    }

    /// Declares the network.
    ///
    /// - Parameters:
    ///   - scope: Holds the parameters under the authors' names.
    ///   - configuration: Settings that were validated.
    public init(_ scope: ParameterScope, _ configuration: BEVANetConfiguration) {
        let c = configuration.planes
        features = [
            FeatureSpec(stride: 8, channels: 4 * c), FeatureSpec(stride: 16, channels: 4 * c),
            FeatureSpec(stride: 32, channels: 8 * c),
        ]
        stem = Stem(scope, configuration)
        branches = Branches(scope, configuration)
        segmentation = Segmentation(scope, configuration)
        classifier = Classifier(scope, configuration)
    }

    /// Two images: one leaves BatchNorm of a pooled map without a variance.
    public var smallestTrainingBatch: Int { 2 }

    /// Computes the maps that heads read.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: The maps; each side is that of the image divided by the stride, rounded up.
    public func maps(_ x: Tensor, _ context: Context) -> Maps {
        branches(stem(x, context), context)
    }

    /// Computes the maps at strides 8, 16 and 32.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: Maps of `4 c`, `4 c` and `8 c` channels.
    public func callAsFunction(_ x: Tensor, _ context: Context) -> [Tensor] {
        let maps = maps(x, context)
        return [maps.detailSemantic, maps.shallowSemantic, maps.semantic]
    }

    /// Computes the logits `[N, classes]`, or those of the segmentation network at stride 8 as
    /// `main`, `aux` and `boundary`, in evaluation with the four maps that the authors' heads read;
    /// without a head these maps alone.
    public func outputs(_ x: Tensor, _ context: Context) -> [NamedOutput] {
        let maps = maps(x, context)
        if let classifier { return [NamedOutput("logits", classifier(maps, context))] }
        let logits = segmentation?(maps, context) ?? []
        return segmentation != nil && context.isTraining ? logits : logits + maps.outputs
    }

    /// The authors' names of a layer, counted from 1; the stem belongs to the first.
    public func scopeNames(ofStage stage: Int) -> [String] {
        switch stage {
        case 1: ["conv1", "layer1"]
        case 2: ["layer2"]
        case 3:
            [
                "layer3_down_semantic", "layer3_semantic", "norm3_semantic", "layer3_detail_conv",
                "layer3_detail", "norm3_detail", "compression3", "fuse_sd_3",
            ]
        case 4:
            [
                "layer4_down_semantic", "layer4_semantic", "layer4_semantic_1", "norm4_semantic_1",
                "layer4_semantic_2", "norm4_semantic_2", "layer4_detail_conv", "layer4_detail",
                "norm4_detail", "compression4", "fuse_sd_4",
            ]
        case 5:
            [
                "layer5_detail_semantic", "layer5_down_semantic_seg", "layer5_semantic_seg",
                "layer5_semantic_1_seg", "norm5_semantic_1_seg", "layer5_semantic_2_seg",
                "norm5_semantic_2_seg", "layer5_detail_boundary", "layer5_down_semantic_cls",
                "layer5_semantic_1_cls", "norm5_semantic_1_cls", "layer5_semantic_2_cls",
                "norm5_semantic_2_cls", "layer5_semantic_bn_cls", "layer5_down",
            ]
        default: []
        }
    }

    /// The layers of all branches.
    public func blockScopeNames(ofStage stage: Int) -> [String] {
        scopeNames(ofStage: stage).filter { $0.hasPrefix("layer") }
    }
}

// MARK: - Stem

extension BEVANet {
    /// Two strided convolutions and two layers of basic blocks: `2 c` channels at stride 8.
    struct Stem {
        private let convolutions: [Conv2d]
        private let norms: [BatchNorm2d]
        private let layers: [ResidualLayer<BasicBlock>]

        init(_ root: ParameterScope, _ configuration: BEVANetConfiguration) {
            let c = configuration.planes
            let scope = root["conv1"]
            var convolutions: [Conv2d] = []
            var norms: [BatchNorm2d] = []
            for (index, inputs) in [(0, 3), (3, c)] {
                convolutions.append(
                    Conv2d(scope[index], inputs, c, kernel: 3, stride: 2, padding: 1))
                norms.append(BatchNorm2d(scope[index + 1], c))
            }
            self.convolutions = convolutions
            self.norms = norms
            layers = [
                ResidualLayer(root["layer1"], c, planes: c, count: configuration.nBlocks[0]),
                ResidualLayer(
                    root["layer2"], c, planes: 2 * c, count: configuration.nBlocks[1], stride: 2),
            ]
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            var y = x
            for (convolution, norm) in zip(convolutions, norms) {
                y = norm(convolution(y), context, ending: .rectified)
            }
            for layer in layers { y = layer(y, context).relu() }
            return y
        }
    }
}
