import Layers
import Tensors

extension BEVANet {
    /// The authors' segmentation network behind the backbone: the semantic branch down to stride
    /// 64, its pyramid, the fusion under boundary guidance, and the heads at stride 8.
    struct Segmentation {
        private let entry: ResidualLayer<BasicBlock>?
        private let bottlenecks: ResidualLayer<Bottleneck>?
        private let attentions: [NormalizedAttention]
        private let boundary: ResidualLayer<Bottleneck>
        private let pyramid: any Pyramid
        private let fusion: any GuidedFusion
        private let auxiliaryHead: SegmentationHead?
        private let boundaryHead: SegmentationHead?
        private let head: SegmentationHead

        /// Declares the layers; nil for settings without a pyramid or classes.
        init?(_ root: ParameterScope, _ configuration: BEVANetConfiguration) {
            guard let kind = configuration.ppm, let classes = configuration.numClasses else {
                return nil
            }
            let (c, hidden) = (configuration.planes, configuration.headPlanes)
            if let settings = configuration.attention(2, configuration.semanticKernelSize) {
                entry = ResidualLayer(
                    root["layer5_down_semantic_seg"], 8 * c, planes: 16 * c, stride: 2)
                bottlenecks = nil
                attentions = ["5_semantic_1_seg", "5_semantic_2_seg"].map {
                    NormalizedAttention(
                        root["layer" + $0], root["norm" + $0], settings, channels: 16 * c)
                }
            } else {
                entry = nil
                bottlenecks = ResidualLayer(
                    root["layer5_semantic_seg"], 8 * c, planes: 8 * c,
                    count: configuration.nBlocks[4], stride: 2)
                attentions = []
            }
            boundary = ResidualLayer(root["layer5_detail_boundary"], 2 * c, planes: 2 * c)
            pyramid = BEVANet.pyramid(
                root["spp"], kind,
                PyramidExtent(inputs: 16 * c, branch: configuration.ppmPlanes, outputs: 4 * c))
            fusion = BEVANet.fusion(
                root["dfm"], configuration.fb, inputs: 4 * c, outputs: 4 * c)
            func auxiliary(_ name: String, _ hidden: Int, _ outputs: Int) -> SegmentationHead? {
                guard configuration.segAugment else { return nil }
                return SegmentationHead(root[name], 2 * c, hidden: hidden, outputs: outputs)
            }
            auxiliaryHead = auxiliary("seghead_ds", hidden, classes)
            boundaryHead = auxiliary("seghead_db", c, 1)
            head = SegmentationHead(root["head"], 4 * c, hidden: hidden, outputs: classes)
        }

        /// Computes the logits at stride 8.
        ///
        /// - Parameters:
        ///   - maps: The backbone's maps.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: `main`, and where the heads of training exist `aux` and `boundary`;
        ///   `[N, H / 8, W / 8, classes]`, the boundary of one channel.
        func callAsFunction(_ maps: Maps, _ context: Context) -> [NamedOutput] {
            var deep = maps.semantic
            if let entry { deep = entry(deep, context) }
            if let bottlenecks { deep = bottlenecks(deep, context) }
            deep = attentions.reduce(deep) { $1($0, context) }
            let detail = maps.detailSemantic
            let semantic = pyramid(deep, context)
                .resampledBilinear(height: detail.shape[1], width: detail.shape[2])
            let guided = GuidedMaps(
                detail: detail, semantic: semantic, boundary: boundary(maps.detail, context))
            var outputs = [NamedOutput("main", head(fusion(guided, context), context))]
            if let auxiliaryHead, let boundaryHead {
                outputs.append(NamedOutput("aux", auxiliaryHead(maps.inter, context)))
                outputs.append(NamedOutput("boundary", boundaryHead(maps.detail, context)))
            }
            return outputs
        }
    }

    /// BatchNorm, ReLU, 3x3 convolution, BatchNorm, ReLU, 1x1 convolution with bias.
    struct SegmentationHead {
        private let norms: [BatchNorm2d]
        private let local: Conv2d
        private let classes: Conv2d

        init(_ scope: ParameterScope, _ inputs: Int, hidden: Int, outputs: Int) {
            let first = BatchNorm2d(scope["bn1"], inputs)
            local = Conv2d(scope["conv1"], inputs, hidden, kernel: 3, padding: 1, bias: false)
            norms = [first, BatchNorm2d(scope["bn2"], hidden)]
            classes = Conv2d(scope["conv2"], hidden, outputs, kernel: 1)
        }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let hidden = local(norms[0](x, context, ending: .rectified))
            return classes(norms[1](hidden, context, ending: .rectified))
        }
    }
}
