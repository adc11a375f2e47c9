import Backbones
import Layers
import Tensors

/// The layers of a model with their sizes: traced from the model itself, nothing is computed.
public struct LayerTable: Sendable, Encodable {
    /// One layer, or one operation between layers.
    public struct Row: Sendable, Encodable {
        /// The authors' name; empty for an operation without parameters.
        public let name: String
        /// What it computes.
        public let operation: String
        /// The output's shape, `[N, H, W, C]`.
        public let outputShape: [Int]
        /// Trained elements.
        public let parameters: Int
        /// Multiply-adds of one pass.
        public let multiplyAdds: Int
    }

    /// One feature map.
    public struct Feature: Sendable, Encodable {
        /// Pixels of the image per step.
        public let stride: Int
        /// Channels.
        public let channels: Int
    }

    /// The model's name.
    public let model: String
    /// Height and width of the image, in pixels.
    public let size: [Int]
    /// Trained elements.
    public let parameters: Int
    /// Multiply-adds of one pass of one image: convolutions and matrix products alone.
    public let multiplyAdds: Int
    /// The feature maps that it gives.
    public let features: [Feature]
    /// The layers in the order of their execution.
    public let layers: [Row]

    /// Traces a model at the size of images that is usual for it.
    ///
    /// - Parameter architecture: The model.
    public init(_ architecture: Architecture) {
        let store = ParameterStore.unfilled()
        let backbone = architecture.configuration.build(ParameterScope(store))
        self.init(architecture.name, backbone, store, size: architecture.imageSize)
    }

    /// Traces a model.
    ///
    /// - Parameters:
    ///   - architecture: The model.
    ///   - height: Of the image, in pixels.
    ///   - width: Of the image, in pixels.
    /// - Throws: `CatalogueError` when the image is smaller than the model's stride.
    public init(_ architecture: Architecture, height: Int, width: Int) throws(CatalogueError) {
        let store = ParameterStore.unfilled()
        let backbone = architecture.configuration.build(ParameterScope(store))
        try backbone.checkImage([height, width], place: "the size of the image")
        self.init(architecture.name, backbone, store, size: [height, width])
    }

    private init(
        _ name: String, _ backbone: any Backbone, _ store: ParameterStore, size: [Int]
    ) {
        let graph = Graph.trace(inputs: [[1, size[0], size[1], 3]]) { inputs in
            backbone.outputs(inputs[0], Context(.evaluation)).map(\.value)
        }
        model = name
        self.size = size
        parameters = store.parameterCount
        features = backbone.features.map { Feature(stride: $0.stride, channels: $0.channels) }
        layers = Self.rows(graph, store)
        multiplyAdds = layers.reduce(0) { $0 + $1.multiplyAdds }
    }

    private static func rows(_ graph: Graph, _ store: ParameterStore) -> [Row] {
        var owners: [ObjectIdentifier: Int] = [:]
        for parameter in store.parameters {
            switch parameter.role {
            case .weight, .undecayed:
                owners[ObjectIdentifier(parameter.value.storage)] = parameter.fileShape.count
            case .buffer, .counter: continue
            }
        }
        return graph.nodes.map { node in
            var parameters = 0
            for input in node.inputs {
                // Taken out, so that a parameter which serves twice is counted once.
                if case .constant(let tensor) = graph.sources[input.index] {
                    parameters += owners.removeValue(forKey: ObjectIdentifier(tensor.storage)) ?? 0
                }
            }
            return Row(
                name: node.layer, operation: node.operation.name,
                outputShape: graph.shapes[node.output.index].dimensions, parameters: parameters,
                multiplyAdds: node.operation.multiplyAdds(
                    node.inputs.map { graph.shapes[$0.index] }))
        }
    }

    /// The table as text, a line a layer and the sums below.
    public var text: String {
        let width = max(5, layers.map(\.name.count).max() ?? 0)
        let head = Self.line(["layer", "operation", "output", "parameters", "MACs"], width)
        let lines = layers.map { row in
            Self.line(
                [
                    row.name, row.operation, "\(row.outputShape)", "\(row.parameters)",
                    "\(row.multiplyAdds)",
                ], width)
        }
        let image = "\(size[0])x\(size[1])"
        let sum = "\(model) at \(image): \(parameters) parameters, \(multiplyAdds) multiply-adds"
        return ([head] + lines + ["", sum]).joined(separator: "\n")
    }

    private static func line(_ cells: [String], _ nameWidth: Int) -> String {
        let widths = [nameWidth, 22, 22, 11, 12]
        return zip(cells, widths).enumerated().map { column, cell in
            let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return column < 3 ? cell.0 + padding : padding + cell.0
        }.joined(separator: " ")
    }
}
