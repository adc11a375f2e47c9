import Annotations
import Catalogue
import Checkpoints
import Datasets
import Detection
import Foundation
import JSONText
import Layers

/// A detector with all that its predictions mean: class names, ids and preprocessing.
///
/// They travel in the metadata of the weights file, so that predicting asks for nothing else.
public final class TrainedDetector: Sendable {
    /// The detector.
    public let detector: Detector
    /// The classes: labels are positions in this table.
    public let classes: ClassTable
    /// How images become inputs.
    public let preprocessing: Preprocessing

    static let format = "cvsuite detector 1"

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - detector: The detector.
    ///   - classes: As many as the detector tells apart.
    ///   - preprocessing: How images become inputs.
    public init(detector: Detector, classes: ClassTable, preprocessing: Preprocessing) {
        precondition(classes.count == detector.classCount)
        self.detector = detector
        self.classes = classes
        self.preprocessing = preprocessing
    }

    /// Reads a weights file that training wrote.
    ///
    /// - Parameter path: The file.
    /// - Throws: `PredictionError` when it is no such file, and the readers' errors.
    public convenience init(path: String) throws {
        let checkpoint = try Checkpoint(path: path)
        let metadata = checkpoint.metadata
        guard metadata["format"] == Self.format, let model = metadata["model"],
            let classText = metadata["classes"], let preprocessingText = metadata["preprocessing"]
        else {
            throw PredictionError(
                what: "the file holds weights, but not what a prediction needs: settings, classes "
                    + "and preprocessing",
                place: path,
                fix: "give a file that `cvsuite train` wrote, such as "
                    + "RUN/weights/best.safetensors")
        }
        let configuration = try DetectorConfiguration(
            from: Self.parse(model, "model", path), path: JSONPath([.key("model")]))
        let classes = try Self.classes(Self.parse(classText, "classes", path), path)
        let preprocessing = try StrictDecoder.decode(
            Preprocessing.self, from: Self.parse(preprocessingText, "preprocessing", path),
            defaults: Preprocessing(), path: JSONPath([.key("preprocessing")]))
        try preprocessing.validate()
        let detector = try Detector(configuration, classCount: classes.count, seed: 0)
        try ParameterScope(detector.store).load(checkpoint.namedTensors, from: path)
        self.init(detector: detector, classes: classes, preprocessing: preprocessing)
    }

    private static func parse(_ text: String, _ name: String, _ path: String) throws -> JSONValue {
        try JSONValue(parsing: JSONSource(bytes: Array(text.utf8), name: "\(path) (\(name))"))
    }

    private static func classes(_ value: JSONValue, _ path: String) throws -> ClassTable {
        let categories = (value.array ?? []).compactMap { entry -> COCOCategory? in
            guard let name = entry["name"]?.string, let id = entry["id"] else { return nil }
            return COCOIdentifier(json: id).map { COCOCategory(id: $0, name: name) }
        }
        guard !categories.isEmpty, categories.count == value.array?.count else {
            throw PredictionError(
                what: "the list of classes in the file is damaged", place: path,
                fix: "train again, or take the file from a backup")
        }
        return ClassTable(categories)
    }

    /// Writes the weights with settings, classes and preprocessing, as a whole or not at all.
    ///
    /// - Parameters:
    ///   - path: The file; one that is there is replaced.
    ///   - extra: More metadata, such as epoch and metric.
    /// - Throws: `SafetensorsError` when it cannot be written.
    public func write(to path: String, extra: [String: String]) throws {
        var metadata = extra
        metadata["format"] = Self.format
        metadata["model"] = try detector.configuration.json.text(.compact)
        metadata["preprocessing"] = try JSONValue(encoding: preprocessing).text(.compact)
        metadata["classes"] = classText
        var writer = SafetensorsWriter(metadata: metadata)
        try writer.add(ParameterScope(detector.store).namedTensors)
        try writer.write(to: path)
    }

    private var classText: String {
        let entries = classes.categories.map { category -> JSONValue in
            var object = JSONObject()
            object["id"] = category.id.json
            object["name"] = JSONValue(.string(category.name))
            return JSONValue(.object(object))
        }
        return JSONValue(.array(entries)).text(.compact)
    }
}

extension COCOIdentifier {
    /// The id as JSON has it.
    var json: JSONValue {
        switch self {
        case .number(let number): JSONValue(.integer(number))
        case .bigNumber(let digits): JSONValue(.bigInteger(digits))
        case .text(let text): JSONValue(.string(text))
        }
    }

    /// The id that a JSON value holds, or nil when it is none.
    init?(json: JSONValue) {
        switch json.content {
        case .integer(let number): self = .number(number)
        case .bigInteger(let digits): self = .bigNumber(digits)
        case .string(let text): self = .text(text)
        default: return nil
        }
    }
}
