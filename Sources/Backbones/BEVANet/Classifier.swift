import Layers
import Tensors

extension BEVANet {
    /// The authors' ImageNet classifier (`BEVANet_CLS_32`): both branches meet at stride 32.
    struct Classifier {
        private let entry: ResidualLayer<Bottleneck>
        private let attentions: [NormalizedAttention]
        private let exit: ResidualLayer<Bottleneck>
        private let descent: [NormalizedConvolution]
        private let last: NormalizedConvolution
        private let head: Linear

        /// Declares the layers; nil for settings without classes, of a segmentation network, or
        /// without attention in layer 5.
        init?(_ root: ParameterScope, _ configuration: BEVANetConfiguration) {
            guard configuration.ppm == nil, let classes = configuration.numClasses,
                let settings = configuration.attention(2, configuration.semanticKernelSize)
            else { return nil }
            let c = configuration.planes
            entry = ResidualLayer(root["layer5_down_semantic_cls"], 8 * c, planes: 8 * c)
            attentions = ["5_semantic_1_cls", "5_semantic_2_cls"].map {
                NormalizedAttention(
                    root["layer" + $0], root["norm" + $0], settings, channels: 16 * c)
            }
            exit = ResidualLayer(root["layer5_semantic_bn_cls"], 16 * c, planes: 8 * c)
            let scope = root["layer5_down"]
            descent = [
                NormalizedConvolution(scope, 4 * c, 8 * c, kernel: 3, stride: 2),
                NormalizedConvolution(scope, first: 3, 8 * c, 16 * c, kernel: 3, stride: 2),
            ]
            last = NormalizedConvolution(
                root["last_layer"], 16 * c, configuration.lastPlanes, kernel: 1)
            head = Linear(root["head"], configuration.lastPlanes, classes)
        }

        /// Computes the logits.
        ///
        /// - Parameters:
        ///   - maps: The backbone's maps.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: `[N, classes]`.
        func callAsFunction(_ maps: Maps, _ context: Context) -> Tensor {
            let attended = attentions.reduce(entry(maps.semantic, context)) { $1($0, context) }
            let deep = exit(attended, context)
            let fine = descent[1](descent[0](maps.detailSemantic, context).relu(), context)
            return head(last((deep + fine).relu(), context).relu().meanOverPositions())
        }
    }
}
