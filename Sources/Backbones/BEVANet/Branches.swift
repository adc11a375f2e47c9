import Layers
import Tensors

// MARK: - Stage

extension BEVANet {
    /// One layer of a branch: basic blocks alone, or one of them before attention blocks.
    struct BranchStage {
        private let blocks: ResidualLayer<BasicBlock>
        private let attentions: [NormalizedAttention]

        /// The authors' names of a layer in its two forms.
        struct Names {
            /// The layer of basic blocks.
            let convolutional: String
            /// The basic block before attention.
            let entry: String
            /// What distinguishes the attention blocks and their norms: `layerX`, `normX`.
            let attentions: [String]
        }

        /// Channels, stride, and basic blocks where there is no attention.
        struct Geometry {
            let inputs: Int
            let channels: Int
            let stride: Int
            let blockCount: Int
        }

        init(
            _ root: ParameterScope, _ names: Names, _ geometry: Geometry,
            _ settings: AttentionSettings?
        ) {
            blocks = ResidualLayer(
                root[settings == nil ? names.convolutional : names.entry], geometry.inputs,
                planes: geometry.channels, count: settings == nil ? geometry.blockCount : 1,
                stride: geometry.stride)
            attentions =
                settings.map { settings in
                    names.attentions.map {
                        NormalizedAttention(
                            root["layer" + $0], root["norm" + $0], settings,
                            channels: geometry.channels)
                    }
                } ?? []
        }

        /// Whether the authors rectify its map, which ends with a sum instead of a norm.
        var endsLinearly: Bool { attentions.isEmpty }

        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            attentions.reduce(blocks(x, context)) { $1($0, context) }
        }
    }
}

// MARK: - Both branches

extension BEVANet {
    /// Layers 3 to 5 of both branches, and what the detail branch takes from the semantic one.
    struct Branches {
        private let semantic: [BranchStage]
        private let detail: [BranchStage]
        private let compressions: [NormalizedConvolution]
        private let fusions: [PixelAttentionFusion]
        private let widening: ResidualLayer<Bottleneck>

        init(_ root: ParameterScope, _ configuration: BEVANetConfiguration) {
            let c = configuration.planes
            // In the order of the authors' state dict.
            semantic = [
                Self.semanticStage(root, configuration, layer: 3),
                Self.semanticStage(root, configuration, layer: 4),
            ]
            var detail: [BranchStage] = []
            var compressions: [NormalizedConvolution] = []
            var fusions: [PixelAttentionFusion] = []
            for layer in 3...4 {
                detail.append(Self.detailStage(root, configuration, layer: layer))
                compressions.append(
                    NormalizedConvolution(
                        root["compression\(layer)"], 4 * c << (layer - 3), 2 * c, kernel: 1))
                fusions.append(
                    PixelAttentionFusion(root["fuse_sd_\(layer)"], channels: 2 * c, hidden: c))
            }
            self.detail = detail
            self.compressions = compressions
            self.fusions = fusions
            widening = ResidualLayer(root["layer5_detail_semantic"], 2 * c, planes: 2 * c)
        }

        private static func semanticStage(
            _ root: ParameterScope, _ configuration: BEVANetConfiguration, layer: Int
        ) -> BranchStage {
            let name = "\(layer)_semantic"
            let inputs = 2 * configuration.planes << (layer - 3)
            return BranchStage(
                root,
                BranchStage.Names(
                    convolutional: "layer" + name, entry: "layer\(layer)_down_semantic",
                    attentions: layer == 3 ? [name] : [name + "_1", name + "_2"]),
                BranchStage.Geometry(
                    inputs: inputs, channels: 2 * inputs, stride: 2,
                    blockCount: configuration.nBlocks[layer - 1]),
                configuration.attention(layer - 3, configuration.semanticKernelSize))
        }

        private static func detailStage(
            _ root: ParameterScope, _ configuration: BEVANetConfiguration, layer: Int
        ) -> BranchStage {
            let name = "\(layer)_detail"
            let channels = 2 * configuration.planes
            return BranchStage(
                root,
                BranchStage.Names(
                    convolutional: "layer" + name, entry: "layer\(name)_conv", attentions: [name]),
                BranchStage.Geometry(
                    inputs: channels, channels: channels, stride: 1,
                    blockCount: configuration.nBlocks[layer - 3]),
                configuration.attention(layer - 3, configuration.detailKernelSize))
        }

        /// Computes all maps.
        ///
        /// - Parameters:
        ///   - x: The stem's map, `[N, H, W, 2 c]` at stride 8.
        ///   - context: Training or evaluation, and the random state.
        /// - Returns: The maps.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Maps {
            var (deep, fine) = (x, x)
            var deepMaps: [Tensor] = []
            var fineMaps: [Tensor] = []
            for layer in 0..<2 {
                deep = semantic[layer](deep, context)
                if semantic[layer].endsLinearly { deep = deep.relu() }
                fine = fusions[layer](
                    detail[layer](fine, context), compressions[layer](deep, context), context)
                // The authors' ReLU works in place: the auxiliary head sees its result too.
                if detail[layer].endsLinearly { fine = fine.relu() }
                deepMaps.append(deep)
                fineMaps.append(fine)
            }
            return Maps(
                inter: fineMaps[0], shallowSemantic: deepMaps[0], semantic: deep, detail: fine,
                detailSemantic: widening(fine, context))
        }
    }
}
