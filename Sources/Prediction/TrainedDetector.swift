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
    /// - Throws: `WorkError` when it is no such file, and the readers' errors.
    public convenience init(path: String) throws {
        let checkpoint = try Checkpoint(path: path)
        let metadata = checkpoint.metadata
        guard metadata["format"] == Self.format, let model = metadata["model"],
            let classText = metadata["classes"], let preprocessingText = metadata["preprocessing"]
        else {
            throw WorkError(
                what: "the file holds weights, but not what a prediction needs: settings, classes "
                    + "and preprocessing",
                place: path,
                fix: "give a file that `cvsuite train` wrote, such as "
                    + "RUN/weights/best.safetensors")
        }
        let configuration = try DetectorConfiguration(
            from: Self.parse(model, "model", path), path: JSONPath([.key("model")]))
        let classes = try Self.classes(classText, path)
        let preprocessing = try StrictDecoder.decode(
            Preprocessing.self, from: Self.parse(preprocessingText, "preprocessing", path),
            defaults: Preprocessing(), path: JSONPath([.key("preprocessing")]))
        try preprocessing.validate()
        let detector = try Detector(configuration, classCount: classes.count, seed: nil)
        try ParameterScope(detector.store).load(checkpoint.namedTensors, from: path)
        self.init(detector: detector, classes: classes, preprocessing: preprocessing)
    }

    private static func parse(_ text: String, _ name: String, _ path: String) throws -> JSONValue {
        try JSONValue(parsing: source(text, name, path))
    }

    private static func source(_ text: String, _ name: String, _ path: String) -> JSONSource {
        JSONSource(bytes: Array(text.utf8), name: "\(path) (\(name))")
    }

    private static func classes(_ text: String, _ path: String) throws -> ClassTable {
        let categories = try COCOReader.categories(source: source(text, "classes", path))
        guard !categories.isEmpty else {
            throw WorkError(
                what: "the list of classes in the file is empty", place: path,
                fix: "train again, or take the file from a backup")
        }
        return ClassTable(categories)
    }

    /// Writes the weights with settings, classes and preprocessing, as a whole or not at all.
    ///
    /// - Parameters:
    ///   - path: The file; one that is there is replaced.
    ///   - extra: More metadata, such as epoch and metric.
    /// - Throws: `FileError` when it cannot be written.
    public func write(to path: String, extra: [String: String]) throws {
        var metadata = extra
        metadata["format"] = Self.format
        metadata["model"] = try detector.configuration.json.text(.compact)
        metadata["preprocessing"] = try JSONValue(encoding: preprocessing).text(.compact)
        metadata["classes"] = COCOWriter.text(classes.categories)
        var writer = SafetensorsWriter(metadata: metadata)
        try writer.add(ParameterScope(detector.store).namedTensors)
        try writer.write(to: path)
    }
}
