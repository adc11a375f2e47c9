import Tensors

/// One feature map that a backbone gives: its stride against the image, and its channels.
public struct FeatureSpec: Hashable, Sendable {
    /// Pixels of the image per step of the map, on each axis.
    public let stride: Int
    /// Channels.
    public let channels: Int

    /// Makes a description.
    ///
    /// - Parameters:
    ///   - stride: Pixels of the image per step of the map.
    ///   - channels: Channels.
    public init(stride: Int, channels: Int) {
        self.stride = stride
        self.channels = channels
    }
}

/// An output of a model under the name that goldens and files use.
public struct NamedOutput: Sendable {
    /// The name, as in `stage1` or `logits`.
    public let name: String
    /// The output; feature maps are `[N, H, W, C]`.
    public let value: Tensor
    /// What its elements are in files.
    public let kind: NamedTensor.Kind

    /// Names an output.
    ///
    /// - Parameters:
    ///   - name: The name, as in `stage1` or `logits`.
    ///   - value: The output.
    ///   - kind: What its elements are in files.
    public init(_ name: String, _ value: Tensor, kind: NamedTensor.Kind = .floats) {
        self.name = name
        self.value = value
        self.kind = kind
    }
}

/// A network that turns images into feature maps of several strides.
public protocol Backbone: Sendable {
    /// The maps in the order in which they are returned, finest first.
    var features: [FeatureSpec] { get }

    /// Images that a training pass needs at least, for the statistics of BatchNorm.
    var smallestTrainingBatch: Int { get }

    /// Computes the feature maps.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: One map `[N, h, w, C]` for each of `features`.
    func callAsFunction(_ x: Tensor, _ context: Context) -> [Tensor]

    /// Computes every output: the maps as `stage1`, `stage2`, ..., and what a classifier adds.
    ///
    /// - Parameters:
    ///   - x: Images, `[N, H, W, 3]`.
    ///   - context: Training or evaluation, and the random state.
    /// - Returns: The outputs by name.
    func outputs(_ x: Tensor, _ context: Context) -> [NamedOutput]

    /// The authors' names under which the parameters of a stage stand, inside the backbone.
    ///
    /// - Parameter stage: Counted from 1.
    /// - Returns: First parts of state-dict names; none for a stage that does not exist.
    func scopeNames(ofStage stage: Int) -> [String]

    /// Those of `scopeNames(ofStage:)` that hold blocks: numbered ones, or one block without number.
    ///
    /// - Parameter stage: Counted from 1.
    /// - Returns: First parts of state-dict names.
    func blockScopeNames(ofStage stage: Int) -> [String]
}

extension Backbone {
    /// One image.
    public var smallestTrainingBatch: Int { 1 }

    /// The maps as `stage1`, `stage2`, ...
    public func outputs(_ x: Tensor, _ context: Context) -> [NamedOutput] {
        self(x, context).enumerated().map { NamedOutput("stage\($0.offset + 1)", $0.element) }
    }

    /// Number of stages.
    public var stageCount: Int {
        (1...).prefix { !scopeNames(ofStage: $0).isEmpty }.count
    }

    /// Leaves the first stages as they are: no gradients, no new statistics.
    ///
    /// - Parameters:
    ///   - count: Number of stages, from the image on; 0 for none.
    ///   - scope: The scope that the backbone was built from.
    public func freezeStages(_ count: Int, in scope: ParameterScope) {
        for stage in 0..<max(0, count) {
            for name in scopeNames(ofStage: stage + 1) { scope[name].freeze() }
        }
    }
}
