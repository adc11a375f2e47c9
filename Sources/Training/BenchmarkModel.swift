import Backbones
import Catalogue
import Detection
import JSONText
import Layers
import Tensors

/// A model as a benchmark runs it: random weights, outputs as a list.
public struct BenchmarkModel: Sendable {
    /// Its name in reports.
    public let name: String
    /// All parameters.
    public let store: ParameterStore
    /// Height and width that are usual for it.
    public let size: [Int]
    /// The network, or that of a whole detector.
    public let backbone: any Backbone
    /// The forward pass on `[N, H, W, 3]`.
    public let forward: @Sendable (Tensor, Context) -> [Tensor]

    /// A published network, or `van_b0_atss`: VAN-B0, an FPN of 256 channels at strides 8 to 128
    /// and an ATSS head of 80 classes, to its raw maps.
    ///
    /// - Parameter name: The name.
    /// - Throws: `CatalogueError` when there is no such model.
    public init(named name: String) throws {
        if name.hasSuffix("_atss") || name.hasSuffix("_fcos") {
            let configuration = try Self.detector(name)
            try self.init(configuration, classCount: 80, name: name, size: [640, 640])
        } else {
            try self.init(published: name)
        }
    }

    private init(published name: String) throws {
        let architecture = try Architecture(published: name)
        let store = ParameterStore()
        let network = architecture.configuration.withoutTrainingHeads.build(ParameterScope(store))
        self.name = name
        self.store = store
        backbone = network
        size = architecture.imageSize
        forward = { x, context in
            // Not the maps of its backbone, which a segmentation network gives besides.
            network.outputs(x, context).filter { ["logits", "main"].contains($0.name) }
                .map(\.value)
        }
    }

    /// The detector of a config.
    ///
    /// - Parameters:
    ///   - configuration: What it is made of.
    ///   - classCount: Number of classes.
    ///   - name: Its name in reports.
    ///   - size: Height and width that are usual for it.
    /// - Throws: `ConfigurationError` when its parts do not fit.
    public init(
        _ configuration: DetectorConfiguration, classCount: Int, name: String, size: [Int]
    ) throws {
        let detector = try Detector(configuration, classCount: classCount, seed: 0)
        self.name = name
        self.size = size
        store = detector.store
        backbone = detector.backbone
        forward = { x, context in detector(x, context).tensors }
    }

    private static func detector(_ name: String) throws -> DetectorConfiguration {
        let parts = name.split(separator: "_")
        let backbone = parts.dropLast().joined(separator: "_")
        _ = try BackboneCatalogue.entry(backbone, place: "the name of the model, \(name)")
        let extra = name.hasSuffix("_fcos") ? ", \"relu_before_extra_convs\": true" : ""
        let text = """
            {"backbone": {"name": "\(backbone)"},
             "neck": {"name": "fpn", "start_level": 1, "add_extra_convs": "on_output"\(extra)},
             "head": {"name": "\(parts.last ?? "")"}}
            """
        let source = JSONSource(bytes: Array(text.utf8), name: name)
        return try DetectorConfiguration(from: JSONValue(parsing: source))
    }
}
