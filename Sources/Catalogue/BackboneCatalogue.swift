import Backbones
import JSONText
import Layers

/// The backbones by name: families, and the variants that their authors published.
public enum BackboneCatalogue {
    /// A name with what it stands for.
    public struct Entry: Sendable {
        /// The name in configurations and on the command line.
        public let name: String
        /// The family that it belongs to.
        public let family: String
        /// Settings over which a configuration lays its own.
        public let configuration: any BackboneConfiguration
        /// Settings of the network as published, its classifier or segmentation head included;
        /// nil for a family, whose defaults nobody published.
        public let published: (any BackboneConfiguration)?
        /// Height and width of the images for which it was published, in pixels.
        public let imageSize: [Int]

        private init(
            name: String, family: String, configuration: any BackboneConfiguration,
            published: (any BackboneConfiguration)?, imageSize: [Int]
        ) {
            self.name = name
            self.family = family
            self.configuration = configuration
            self.published = published
            self.imageSize = imageSize
        }

        /// A family.
        init(_ name: String, _ configuration: any BackboneConfiguration) {
            self.init(
                name: name, family: name, configuration: configuration, published: nil,
                imageSize: [224, 224])
        }

        /// A classifier.
        init(
            _ name: String, _ family: String, _ configuration: any BackboneConfiguration,
            classes: Int, imageSize: [Int] = [224, 224]
        ) {
            var published = configuration
            published.numClasses = classes
            self.init(
                name: name, family: family, configuration: configuration, published: published,
                imageSize: imageSize)
        }

        /// A BEVANet, which was published for segmentation.
        init(_ name: String, _ configuration: BEVANetConfiguration, imageSize: [Int]) {
            self.init(
                name: name, family: "bevanet", configuration: configuration,
                published: configuration.segmenting(classes: 19), imageSize: imageSize)
        }
    }

    /// All entries: families first, then variants.
    public static let entries: [Entry] = [
        Entry("van", VANConfiguration()),
        Entry("van_b0", "van", VANConfiguration.b0, classes: 1000),
        Entry("van_b1", "van", VANConfiguration.b1, classes: 1000),
        Entry("van_b2", "van", VANConfiguration.b2, classes: 1000),
        Entry("van_b3", "van", VANConfiguration.b3, classes: 1000),
        Entry("van_b4", "van", VANConfiguration.b4, classes: 1000),
        Entry("van_b5", "van", VANConfiguration.b5, classes: 1000),
        Entry("van_b6", "van", VANConfiguration.b6, classes: 1000),
        Entry("davit", DaViTConfiguration()),
        Entry("davit_tiny", "davit", DaViTConfiguration.tiny, classes: 1000),
        Entry("davit_small", "davit", DaViTConfiguration.small, classes: 1000),
        Entry("davit_base", "davit", DaViTConfiguration.base, classes: 1000),
        Entry(
            "davit_large_window12_384", "davit", DaViTConfiguration.largeWindow12,
            classes: 1000, imageSize: [384, 384]),
        Entry("davit_large", "davit", DaViTConfiguration.large, classes: 1000),
        Entry("davit_huge", "davit", DaViTConfiguration.huge, classes: 1000),
        Entry("davit_giant", "davit", DaViTConfiguration.giant, classes: 1000),
        Entry("biformer", BiFormerConfiguration()),
        Entry("biformer_tiny", "biformer", BiFormerConfiguration.tiny, classes: 1000),
        Entry("biformer_small", "biformer", BiFormerConfiguration.small, classes: 1000),
        Entry("biformer_base", "biformer", BiFormerConfiguration.base, classes: 1000),
        Entry("biformer_stl", "biformer", BiFormerSTLConfiguration.nhwc, classes: 1000),
        Entry(
            "biformer_stl_nchw", "biformer", BiFormerSTLConfiguration.nchw, classes: 1000
        ),
        Entry("bevanet", BEVANetConfiguration()),
        Entry("bevanet_s", BEVANetConfiguration.small, imageSize: [720, 960]),
        Entry("bevanet_base", BEVANetConfiguration.base, imageSize: [720, 960]),
        Entry("shvit", SHViTConfiguration()),
        Entry("shvit_s1", "shvit", SHViTConfiguration.s1, classes: 1000),
        Entry("shvit_s2", "shvit", SHViTConfiguration.s2, classes: 1000),
        Entry("shvit_s3", "shvit", SHViTConfiguration.s3, classes: 1000),
        Entry(
            "shvit_s4", "shvit", SHViTConfiguration.s4, classes: 1000,
            imageSize: [256, 256]),
    ]

    /// The published variants.
    public static var variants: [Entry] { entries.filter { $0.published != nil } }

    /// The entry of a name.
    ///
    /// - Parameters:
    ///   - name: A family or variant.
    ///   - place: Where the name stands, for the message.
    /// - Returns: The entry.
    /// - Throws: `CatalogueError` with the nearest known name.
    public static func entry(_ name: String, place: String) throws(CatalogueError) -> Entry {
        if let entry = entries.first(where: { $0.name == name }) { return entry }
        let names = entries.map(\.name)
        let advice =
            KeyNames.nearest(to: name, among: names).map { "use \"\($0)\"" }
            ?? "use one of " + names.joined(separator: ", ")
        throw CatalogueError(
            what: "there is no backbone \"\(name)\"", place: place,
            fix: advice + "; `cvsuite models` lists all")
    }

    /// Reads the settings of a backbone: `name`, and the authors' arguments over its defaults.
    ///
    /// - Parameters:
    ///   - value: The object.
    ///   - path: Where it stands in its file.
    /// - Returns: Validated settings.
    /// - Throws: `ConfigurationError` or `CatalogueError` with the place of the key at fault.
    public static func configuration(
        _ value: JSONValue, path: JSONPath = JSONPath()
    ) throws -> any BackboneConfiguration {
        guard var object = value.object, let name = object["name"]?.string else {
            throw CatalogueError(
                what: "a backbone needs a text under the key \"name\"",
                place: ([value.origin.description] + [path.description].filter { !$0.isEmpty })
                    .joined(separator: ", "),
                fix: "write {\"name\": \"van_b0\"}; `cvsuite models` lists all names")
        }
        let place = "\(object["name"]?.origin ?? .builtIn), \(path.appending(.key("name")))"
        let entry = try entry(name, place: place)
        object["name"] = nil
        let settings = try decode(
            JSONValue(.object(object), origin: value.origin), over: entry.configuration, path: path)
        try refuseBeyondMemory(settings, value, path)
        return settings
    }

    /// Refuses a network whose weights alone do not fit the memory, before any are made.
    private static func refuseBeyondMemory(
        _ settings: any BackboneConfiguration, _ value: JSONValue, _ path: JSONPath
    ) throws(ConfigurationError) {
        let store = ParameterStore.outline()
        _ = settings.build(ParameterScope(store))
        let (needed, limit) = (4 * Double(store.parameterCount), MemoryLimit.bytes)
        guard needed > limit else { return }
        throw ConfigurationError.at(
            value, path,
            what: "these settings make a network of \(store.parameterCount) parameters, which take"
                + " \(Int(needed / 1_048_576)) MB, and \(Int(limit / 1_048_576)) MB are there",
            fix: "use fewer channels or blocks")
    }

    private static func decode<Settings: BackboneConfiguration>(
        _ value: JSONValue, over defaults: Settings, path: JSONPath
    ) throws -> any BackboneConfiguration {
        try StrictDecoder.decode(Settings.self, from: value, defaults: defaults, path: path)
    }
}
