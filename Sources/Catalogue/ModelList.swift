import Backbones
import Layers
import Tensors

/// The published networks with their sizes.
public struct ModelList: Sendable, Encodable {
    /// One network.
    public struct Row: Sendable, Encodable {
        /// Its name.
        public let name: String
        /// Its family.
        public let family: String
        /// Trained elements, classifier or segmentation head included.
        public let parameters: Int
        /// Strides of its feature maps against the image.
        public let strides: [Int]
        /// Channels of its feature maps.
        public let channels: [Int]
    }

    /// All networks, in the order of the catalogue.
    public let models: [Row]

    /// Builds every published network, without values, and counts.
    public init() {
        models = BackboneCatalogue.entries.compactMap { entry in
            guard let published = entry.published else { return nil }
            let store = ParameterStore.unfilled()
            let backbone = published.build(ParameterScope(store))
            defer { StorageCache.shared.releaseUnused() }
            return Row(
                name: entry.name, family: entry.family, parameters: store.parameterCount,
                strides: backbone.features.map(\.stride),
                channels: backbone.features.map(\.channels))
        }
    }

    /// The list as text, a line a network.
    public var text: String {
        let width = models.map(\.name.count).max() ?? 0
        return models.map { row in
            let name = row.name.padded(to: width)
            let millions = (Double(row.parameters) / 1e5).rounded() / 10
            return "\(name)  \("\(millions)".padded(to: 6)) M parameters, strides \(row.strides),"
                + " channels \(row.channels)"
        }.joined(separator: "\n")
    }
}

extension String {
    /// The text with blanks behind it up to a width.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
