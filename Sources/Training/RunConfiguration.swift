import Catalogue
import Datasets
import Foundation
import JSONText

/// The settings of a run beside its model.
public struct RunSettings: Configuration, Equatable {
    /// Where images and annotations are.
    public var data = DataConfiguration()
    /// How images become inputs.
    public var preprocessing = Preprocessing()
    /// How training images are varied.
    public var augmentation = AugmentationConfiguration()
    /// How the model is trained.
    public var training = TrainingConfiguration()

    /// The defaults.
    public init() {}

    /// Checks what the parts cannot check alone.
    ///
    /// - Throws: `ConfigurationError` naming the key.
    public func validate() throws {
        func placed(_ section: String, _ check: () throws -> Void) throws {
            do { try check() } catch let error as DatasetError {
                throw ConfigurationError(
                    what: error.what, key: section + "." + error.place, fix: error.fix)
            }
        }
        try placed("preprocessing") { try preprocessing.validate() }
        try placed("augmentation") { try augmentation.validate() }
    }
}

/// A whole configuration file, resolved and checked.
public struct RunConfiguration: Sendable {
    /// What is trained.
    public let model: DetectorConfiguration
    /// Everything else.
    public let settings: RunSettings
    /// The file with bases and overrides merged, every value with its origin.
    public let tree: ConfigurationTree

    private static let keys = ["model", "data", "preprocessing", "augmentation", "training"]

    /// Reads a configuration file, which may be the `config.json` of a run.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - overrides: `a.b=value` each.
    /// - Throws: `JSONError` or `ConfigurationError` with file, line and column.
    public init(path: String, overrides: [String]) throws {
        try self.init(ConfigurationTree.load(path: path, overrides: overrides), name: path)
    }

    /// Fills the settings from a merged tree.
    ///
    /// - Parameters:
    ///   - tree: The tree.
    ///   - name: The file's name, for messages.
    /// - Throws: `ConfigurationError` with file, line and column.
    public init(_ tree: ConfigurationTree, name: String) throws {
        self.tree = tree
        var rest = tree.value.object ?? JSONObject()
        rest["_run_"] = nil  // how the run of a `config.json` was started
        try rest.refuseKeys(besides: Self.keys)
        guard let modelValue = rest["model"] else {
            throw ConfigurationError(
                what: "the configuration has no \"model\"", place: name,
                fix: "add \"model\" with \"backbone\", \"neck\" and \"head\"")
        }
        rest["model"] = nil
        settings = try StrictDecoder.decode(
            RunSettings.self, from: JSONValue(.object(rest), origin: tree.value.origin),
            defaults: RunSettings())
        model = try DetectorConfiguration(from: modelValue)
    }

    /// All values, defaults included.
    public var resolved: JSONValue {
        get throws {
            var object = JSONObject()
            object["model"] = try model.json
            for member in try JSONValue(encoding: settings).object?.members ?? [] {
                object[member.key] = member.value
            }
            return JSONValue(.object(object))
        }
    }
}
