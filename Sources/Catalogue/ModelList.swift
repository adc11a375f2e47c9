import Backbones
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
        /// Height and width of the images for which it was published, in pixels.
        public let size: [Int]
        /// Multiply-adds of one pass of one such image.
        public let multiplyAdds: Int
        /// Strides of its feature maps against the image.
        public let strides: [Int]
        /// Channels of its feature maps.
        public let channels: [Int]
        /// Where it was published.
        public let paper: String
    }

    /// All networks, in the order of the catalogue.
    public let models: [Row]

    /// Traces every published network, without values, and counts.
    public init() {
        models = BackboneCatalogue.entries.compactMap { entry in
            guard let table = Architecture(entry).map({ LayerTable($0) }) else { return nil }
            defer { StorageCache.shared.releaseUnused() }
            return Row(
                name: entry.name, family: entry.family, parameters: table.parameters,
                size: table.size, multiplyAdds: table.multiplyAdds,
                strides: table.features.map(\.stride), channels: table.features.map(\.channels),
                paper: type(of: entry.configuration).paper)
        }
    }

    /// The list as text: a line a network, and below each family where it was published.
    public var text: String {
        let width = models.map(\.name.count).max() ?? 0
        var lines: [String] = []
        for (index, row) in models.enumerated() {
            lines.append(Self.line(row, width))
            if index + 1 == models.count || models[index + 1].family != row.family {
                lines += ["    " + row.paper, ""]
            }
        }
        return lines.dropLast().joined(separator: "\n")
    }

    private static func line(_ row: Row, _ nameWidth: Int) -> String {
        let parameters = Self.tenths(row.parameters, of: 1_000_000).padded(to: 6)
        let products = Self.tenths(row.multiplyAdds, of: 1_000_000_000).padded(to: 5)
        return row.name.padded(to: nameWidth)
            + "  \(parameters) M parameters, \(products) G MACs at"
            + " \(row.size[0])x\(row.size[1]), strides \(row.strides), channels \(row.channels)"
    }

    /// A count in thousands, millions and so on, with one decimal, two below 1.
    private static func tenths(_ count: Int, of unit: Double) -> String {
        let value = Double(count) / unit
        let steps: Double = value < 1 ? 100 : 10
        return "\((value * steps).rounded() / steps)"
    }
}

extension String {
    /// The text with blanks behind it up to a width.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
