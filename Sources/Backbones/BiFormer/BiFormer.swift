// Zhu, Wang, Ke, Zhang and Lau, "BiFormer: Vision Transformer with Bi-Level Routing Attention",
// CVPR 2023, arXiv 2303.08810.
//
// Sections 3.2 and 3.3, figure 3. Key names are those of the authors' models/biformer.py and, for
// the dense form, of models_mm/biformer_mm.py. Where paper and code differ the code is followed:
// logits are scaled by the full width of the keys, not by a head's; the last stage always has 8
// heads and its convolution LePE is of the input; and the next stage of the dense form goes on
// from the map before the extra norm.

import Layers
import Tensors

/// Vision transformer whose regions choose the regions that they attend to, in four stages.
///
/// Strides 4, 8, 16 and 32; any image of at least 1x1 pixel. Where the number of regions does not
/// divide a map, it is filled up, also where the authors' classifier would stop.
public struct BiFormer: Backbone {
    /// The four maps; normalised in the dense form.
    public let features: [FeatureSpec]
    private let stem: Stem
    private let reductions: [Reduction]
    private let stages: [[Block]]
    private let ending: Ending
    private let keepsStatistics: Bool

    /// How the authors begin all linear layers: truncated normal.
    static let linearInitializer = Initializer.truncatedNormal(standardDeviation: 0.02, bound: 2)

    /// Declares the network.
    ///
    /// - Parameters:
    ///   - scope: Holds the parameters under the authors' names.
    ///   - configuration: Settings that were validated.
    public init(_ scope: ParameterScope, _ configuration: BiFormerConfiguration) {
        let dims = configuration.embedDim
        let down = scope["downsample_layers"]
        stem = Stem(down[0], channels: dims[0])
        reductions = (1..<dims.count).map { Reduction(down[$0], dims[$0 - 1], dims[$0]) }
        let rates = DropPath.rates(
            upTo: configuration.dropPathRate, count: configuration.depth.reduce(0, +))
        var firstBlock = 0
        var stages: [[Block]] = []
        for (stage, depth) in configuration.depth.enumerated() {
            var settings = configuration.blockSettings(stage: stage)
            stages.append(
                (0..<depth).map { block in
                    settings.dropPath = rates[firstBlock + block]
                    return Block(scope["stages"][stage][block], settings)
                })
            firstBlock += depth
        }
        self.stages = stages
        features = dims.enumerated().map {
            FeatureSpec(stride: 4 << $0.offset, channels: $0.element)
        }
        ending = Ending(scope, dims, classes: configuration.numClasses)
        keepsStatistics = configuration.numClasses == nil && configuration.normEval
    }

    /// Computes the four maps.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: Maps at strides 4, 8, 16 and 32; each size is the one before divided by the
    ///   stage's stride, rounded up.
    public func callAsFunction(_ x: Tensor, _ context: Context) -> [Tensor] {
        ending.features(maps(x, context, nil))
    }

    /// Computes the maps, with a classifier the logits `[N, classes]`, and in evaluation the
    /// routes as `route.PATH`.
    public func outputs(_ x: Tensor, _ context: Context) -> [NamedOutput] {
        let record = context.isTraining ? nil : RouteRecord()
        let maps = maps(x, context, record)
        let named = ending.features(maps).enumerated().map {
            NamedOutput("stage\($0.offset + 1)", $0.element)
        }
        return ending.logits(maps, context) + named + (record?.routes ?? [])
    }

    /// The authors' names of a stage: downsampling, blocks and, in the dense form, the norm.
    public func scopeNames(ofStage stage: Int) -> [String] {
        guard (1...stages.count).contains(stage) else { return [] }
        return ["downsample_layers.\(stage - 1)", "stages.\(stage - 1)"]
            + ending.scopeNames(ofStage: stage)
    }

    /// `stages.0` to `stages.3`.
    public func blockScopeNames(ofStage stage: Int) -> [String] {
        (1...stages.count).contains(stage) ? ["stages.\(stage - 1)"] : []
    }

    /// The maps of the stages as the next one reads them.
    private func maps(_ x: Tensor, _ context: Context, _ record: RouteRecord?) -> [Tensor] {
        guard !keepsStatistics else {
            return context.keepingStatistics { stageMaps(x, context, record) }
        }
        return stageMaps(x, context, record)
    }

    private func stageMaps(
        _ x: Tensor, _ context: Context, _ record: RouteRecord?
    ) -> [Tensor] {
        var maps: [Tensor] = []
        for (index, blocks) in stages.enumerated() {
            var y = maps.last.map { reductions[index - 1]($0, context) } ?? stem(x, context)
            for block in blocks { y = block(y, context, record) }
            maps.append(y)
        }
        return maps
    }
}

// MARK: - Downsampling

extension BiFormer {
    /// Two 3x3 convolutions of stride 2 with BatchNorm, a GELU between them.
    struct Stem {
        private let first: Conv2d
        private let firstNorm: BatchNorm2d
        private let second: Conv2d
        private let secondNorm: BatchNorm2d

        init(_ scope: ParameterScope, channels c: Int) {
            first = Conv2d(scope[0], 3, c / 2, kernel: 3, stride: 2, padding: 1)
            firstNorm = BatchNorm2d(scope[1], c / 2)
            second = Conv2d(scope[3], c / 2, c, kernel: 3, stride: 2, padding: 1)
            secondNorm = BatchNorm2d(scope[4], c)
        }

        /// Embeds images.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, 3]`.
        ///   - context: Training or evaluation.
        /// - Returns: `[N, H / 4, W / 4, C]`, both sides rounded up.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            let half = firstNorm(first(x), context).gelu()
            return secondNorm(second(half), context)
        }
    }

    /// A 3x3 convolution of stride 2 with BatchNorm, between stages.
    struct Reduction {
        private let convolution: Conv2d
        private let norm: BatchNorm2d

        init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int) {
            convolution = Conv2d(scope[0], inputs, outputs, kernel: 3, stride: 2, padding: 1)
            norm = BatchNorm2d(scope[1], outputs)
        }

        /// Halves the map.
        ///
        /// - Parameters:
        ///   - x: `[N, H, W, I]`.
        ///   - context: Training or evaluation.
        /// - Returns: `[N, H / 2, W / 2, O]`, both sides rounded up.
        func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
            norm(convolution(x), context)
        }
    }
}

// MARK: - Ending

extension BiFormer {
    /// What follows the stages: BatchNorm and a linear classifier, or a LayerNorm for each map.
    enum Ending {
        case classifier(BatchNorm2d, Linear)
        case dense([LayerNorm])

        init(_ scope: ParameterScope, _ dims: [Int], classes: Int?) {
            guard let classes else {
                self = .dense(
                    dims.enumerated().map {
                        LayerNorm(scope["extra_norms"][$0.offset], $0.element, epsilon: 1e-6)
                    })
                return
            }
            let channels = dims[dims.count - 1]
            self = .classifier(
                BatchNorm2d(scope["norm"], channels),
                Linear(
                    scope["head"], channels, classes, initializer: BiFormer.linearInitializer))
        }

        /// The maps that the network gives of those that its stages computed.
        func features(_ maps: [Tensor]) -> [Tensor] {
            guard case .dense(let norms) = self else { return maps }
            return zip(norms, maps).map { $0($1) }
        }

        /// The logits of a classifier, else nothing.
        func logits(_ maps: [Tensor], _ context: Context) -> [NamedOutput] {
            guard case .classifier(let norm, let head) = self, let last = maps.last else {
                return []
            }
            return [NamedOutput("logits", head(norm(last, context).meanOverPositions()))]
        }

        /// Names of parameters that belong to a stage.
        func scopeNames(ofStage stage: Int) -> [String] {
            guard case .dense = self else { return [] }
            return ["extra_norms.\(stage - 1)"]
        }
    }
}
