import Backbones
import Detection
import JSONText
import Layers
import Tensors

/// A whole detector: backbone, neck and head with their parameters.
///
/// Parameters stand under `backbone.`, `neck.` and `bbox_head.`, as in mmdetection.
public final class Detector: Sendable {
    /// All parameters and buffers.
    public let store: ParameterStore
    /// The settings that it was built from.
    public let configuration: DetectorConfiguration
    /// The head.
    public let head: any DetectionHead
    private let keepsBackboneStatistics: Bool
    /// The backbone.
    public let backbone: any Backbone
    private let neck: any Neck

    /// Builds a detector with its initial weights.
    ///
    /// - Parameters:
    ///   - configuration: The settings.
    ///   - classCount: Number of classes, at least 1.
    ///   - seed: Seed of the initial weights; nil draws none, for a checkpoint that holds all.
    ///   - normEval: Whether the backbone's BatchNorm keeps its running statistics in training.
    /// - Throws: `ConfigurationError` when the parts do not fit each other.
    public init(
        _ configuration: DetectorConfiguration, classCount: Int, seed: UInt64?,
        normEval: Bool = false
    ) throws {
        let store = seed.map { ParameterStore(seed: $0) } ?? .unfilled()
        let root = ParameterScope(store)
        let backbone = configuration.backbone.build(root["backbone"])
        self.store = store
        self.configuration = configuration
        self.backbone = backbone
        keepsBackboneStatistics = normEval
        do throws(DetectionError) {
            switch configuration.neck {
            case .fpn(let settings):
                neck = try FPN(root["neck"], settings, inputs: backbone.features)
            case .efficientViTFPN(let settings):
                neck = try EfficientViTFPN(root["neck"], settings, inputs: backbone.features)
            }
            let inputs = neck.features
            let scope = root["bbox_head"]
            switch configuration.head {
            case .atss(let settings):
                head = try ATSSHead(scope, settings, inputs: inputs, classCount: classCount)
            case .fcos(let settings):
                head = try FCOSHead(scope, settings, inputs: inputs, classCount: classCount)
            }
        } catch {
            throw ConfigurationError(
                what: error.what, place: "model, " + error.place, fix: error.fix)
        }
    }

    /// Refuses batches that leave the backbone's BatchNorm without a variance.
    ///
    /// - Parameter images: Images of a training batch.
    /// - Throws: `ConfigurationError` when they are too few.
    public func checkTrainingBatch(_ images: Int) throws(ConfigurationError) {
        guard !keepsBackboneStatistics, images < backbone.smallestTrainingBatch else { return }
        throw ConfigurationError(
            what: "this backbone takes statistics over the images of a batch, and \(images) is "
                + "too few", place: "training.batch_size",
            fix: "use at least \(backbone.smallestTrainingBatch), or set training.norm_eval")
    }

    /// Number of classes.
    public var classCount: Int { head.classCount }

    /// Strides of the levels that the head sees, in pixels.
    public var strides: [Int] { neck.features.map(\.stride) }

    /// Computes the head's raw maps.
    ///
    /// - Parameters:
    ///   - images: `[N, H, W, 3]`, normalised.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: The maps, level by level.
    public func callAsFunction(_ images: Tensor, _ context: Context) -> HeadOutput {
        let features = Graph.named("backbone") {
            keepsBackboneStatistics
                ? context.keepingStatistics { backbone(images, context) }
                : backbone(images, context)
        }
        let pyramid = Graph.named("neck") { neck(features, context) }
        return Graph.named("bbox_head") { head(pyramid, context) }
    }

    /// The graph of one evaluation pass, for plans, tables and counts.
    ///
    /// - Parameter shape: Of the images, `[N, H, W, 3]`.
    /// - Returns: The graph; its outputs are `HeadOutput.tensors`.
    public func trace(_ shape: Shape) -> Graph {
        Graph.trace(inputs: [shape]) { inputs in
            self(inputs[0], Context(.evaluation)).tensors
        }
    }

    /// Leaves the backbone's first stages as they are: no gradients, no new statistics.
    ///
    /// - Parameter count: Number of stages, from the image on.
    /// - Throws: `ConfigurationError` when the backbone has fewer.
    public func freezeStages(_ count: Int) throws {
        let stages = backbone.stageCount
        guard count <= stages else {
            throw ConfigurationError(
                what: "the backbone has no stage \(count)", place: "training.frozen_stages",
                fix: "give a number from 0 to \(stages)")
        }
        backbone.freezeStages(count, in: ParameterScope(store)["backbone"])
    }

    /// Leaves parameters as they are whose names begin with one of the prefixes.
    ///
    /// - Parameter prefixes: Such as `backbone.patch_embed1`.
    /// - Throws: `ConfigurationError` for a prefix that no parameter has.
    public func freeze(_ prefixes: [String]) throws {
        for prefix in prefixes {
            let matching = store.parameters.filter {
                $0.name == prefix || $0.name.hasPrefix(prefix + ".")
            }
            guard !matching.isEmpty else {
                let names = Set(store.parameters.map { $0.name.prefix { $0 != "." } })
                throw ConfigurationError(
                    what: "no parameter begins with \"\(prefix)\"", place: "training.freeze",
                    fix: "names begin with " + names.sorted().joined(separator: ", "))
            }
            matching.forEach { $0.isFrozen = true }
        }
    }
}
