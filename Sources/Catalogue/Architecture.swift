import Backbones
import JSONText
import Layers

/// A backbone that was asked for on the command line, by name or by a file of settings.
public struct Architecture: Sendable {
    /// What to call it in tables.
    public let name: String
    /// Its settings, validated.
    public let configuration: any BackboneConfiguration
    /// Height and width that are usual for it, in pixels.
    public let imageSize: [Int]

    /// The network as its authors published it, with its classifier or segmentation head.
    ///
    /// - Parameter name: A published variant.
    /// - Throws: `CatalogueError` when there is no such variant.
    public init(published name: String) throws {
        let entry = try BackboneCatalogue.entry(name, place: "the name of the model")
        guard let network = Architecture(entry) else {
            throw CatalogueError(
                what: "\"\(name)\" is a family, not a published network", place: "",
                fix: "use a variant such as \""
                    + (BackboneCatalogue.variants.first { $0.family == name }?.name ?? "van_b0")
                    + "\", or give settings by --arch")
        }
        self = network
    }

    /// The network of an entry of the catalogue as published; nil for a family.
    ///
    /// - Parameter entry: The entry.
    init?(_ entry: BackboneCatalogue.Entry) {
        guard let published = entry.published else { return nil }
        name = entry.name
        configuration = published
        imageSize = entry.imageSize
    }

    /// The network of a file of settings, or a published one.
    ///
    /// - Parameter name: A path that ends in `.json`, or a published variant.
    /// - Throws: The errors of the other two ways.
    public init(named name: String) throws {
        try self =
            name.hasSuffix(".json") ? Architecture(path: name) : Architecture(published: name)
    }

    /// The network of a file: `{"name": ..., arguments}`, alone or under `backbone`.
    ///
    /// - Parameter path: The JSON file.
    /// - Throws: `JSONError`, `ConfigurationError` or `CatalogueError` with the place at fault.
    public init(path: String) throws {
        let tree = try ConfigurationTree.load(path: path).value
        let backbone = tree["backbone"]
        configuration = try BackboneCatalogue.configuration(
            backbone ?? tree, path: JSONPath(backbone == nil ? [] : [.key("backbone")]))
        let name = (backbone ?? tree)["name"]?.string ?? path
        self.name = name
        imageSize = try BackboneCatalogue.entry(name, place: path).imageSize
    }
}
