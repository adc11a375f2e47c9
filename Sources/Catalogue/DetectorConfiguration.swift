import Backbones
import Detection
import JSONText
import Layers

/// A neck of the catalogue with its settings.
public enum NeckConfiguration: Sendable {
    /// Feature pyramid network.
    case fpn(FPNConfiguration)
    /// Feature pyramid network with levels finer than the backbone's, of SHViT's authors.
    case efficientViTFPN(EfficientViTFPNConfiguration)

    static let names = ["fpn", "efficientvit_fpn"]

    /// The name in configs.
    public var name: String {
        switch self {
        case .fpn: "fpn"
        case .efficientViTFPN: "efficientvit_fpn"
        }
    }
}

/// A head of the catalogue with its settings.
public enum HeadConfiguration: Sendable {
    /// Adaptive training sample selection.
    case atss(ATSSConfiguration)
    /// Fully convolutional one-stage detection.
    case fcos(FCOSConfiguration)

    static let names = ["atss", "fcos"]

    /// The name in configs.
    public var name: String {
        switch self {
        case .atss: "atss"
        case .fcos: "fcos"
        }
    }
}

/// What a detector is made of: the part `model` of a config.
public struct DetectorConfiguration: Sendable {
    /// Settings of the backbone.
    public let backbone: any BackboneConfiguration
    /// The backbone's name as the config has it.
    public let backboneName: String
    /// Settings of the neck.
    public let neck: NeckConfiguration
    /// Settings of the head.
    public let head: HeadConfiguration

    static let keys = ["backbone", "neck", "head"]

    /// Fills the settings from the object `model` of a config.
    ///
    /// - Parameters:
    ///   - value: The object.
    ///   - path: Its path in the file, for messages.
    /// - Throws: `ConfigurationError` naming key and place.
    public init(from value: JSONValue, path: JSONPath = JSONPath([.key("model")])) throws {
        guard let object = value.object else {
            throw ConfigurationError.at(
                value, path, what: "expected an object, found \(value.kind.rawValue)",
                fix: "give \"backbone\", \"neck\" and \"head\"")
        }
        try object.refuseKeys(besides: Self.keys, path: path)
        func part(_ key: String) throws -> (JSONValue, JSONPath) {
            guard let part = object[key] else {
                throw ConfigurationError.at(
                    value, path, what: "the model has no \"\(key)\"",
                    fix: "add \"\(key)\": {\"name\": ...}")
            }
            return (part, path.appending(.key(key)))
        }
        let (backboneValue, backbonePath) = try part("backbone")
        backbone = try BackboneCatalogue.configuration(backboneValue, path: backbonePath)
        backboneName = backboneValue["name"]?.string ?? ""
        let (neckValue, neckPath) = try part("neck")
        neck = try NeckConfiguration(from: neckValue, path: neckPath)
        let (headValue, headPath) = try part("head")
        head = try HeadConfiguration(from: headValue, path: headPath)
    }

    /// The settings as JSON, every one of them, under the names of the config.
    public var json: JSONValue {
        get throws {
            let neckValue: JSONValue =
                switch neck {
                case .fpn(let settings): try JSONValue(encoding: settings)
                case .efficientViTFPN(let settings): try JSONValue(encoding: settings)
                }
            let headValue: JSONValue =
                switch head {
                case .atss(let settings): try JSONValue(encoding: settings)
                case .fcos(let settings): try JSONValue(encoding: settings)
                }
            var object = JSONObject()
            object["backbone"] = try NamedChoice.named(
                backboneName, JSONValue(encoding: backbone))
            object["neck"] = NamedChoice.named(neck.name, neckValue)
            object["head"] = NamedChoice.named(head.name, headValue)
            return JSONValue(.object(object))
        }
    }
}

extension NeckConfiguration {
    /// Fills the settings of a neck from its object.
    init(from value: JSONValue, path: JSONPath) throws {
        let (name, rest) = try NamedChoice.split(value, path: path, known: Self.names)
        switch name {
        case "fpn":
            let settings = try StrictDecoder.decode(
                FPNConfiguration.self, from: rest, defaults: FPNConfiguration(), path: path)
            try NamedChoice.placing(rest, path) { try settings.validate() }
            self = .fpn(settings)
        case "efficientvit_fpn":
            let settings = try StrictDecoder.decode(
                EfficientViTFPNConfiguration.self, from: rest,
                defaults: EfficientViTFPNConfiguration(), path: path)
            try NamedChoice.placing(rest, path) { try settings.validate() }
            self = .efficientViTFPN(settings)
        default:
            throw NamedChoice.unknown(name, in: value, path: path, known: Self.names)
        }
    }
}

extension HeadConfiguration {
    /// Fills the settings of a head from its object.
    init(from value: JSONValue, path: JSONPath) throws {
        let (name, rest) = try NamedChoice.split(value, path: path, known: Self.names)
        switch name {
        case "atss":
            let settings = try StrictDecoder.decode(
                ATSSConfiguration.self, from: rest, defaults: ATSSConfiguration(), path: path)
            try NamedChoice.placing(rest, path) { try settings.validate() }
            self = .atss(settings)
        case "fcos":
            let settings = try StrictDecoder.decode(
                FCOSConfiguration.self, from: rest, defaults: FCOSConfiguration(), path: path)
            try NamedChoice.placing(rest, path) { try settings.validate() }
            self = .fcos(settings)
        default:
            throw NamedChoice.unknown(name, in: value, path: path, known: Self.names)
        }
    }
}
