import Annotations
import JSONText

/// An annotation file and a result file, read and scored.
public struct COCOFileEvaluation: Sendable {
    /// The truth that was scored against.
    public let truth: COCODataset
    /// The numbers.
    public let result: COCOResult
    /// Why all twelve numbers are 0 or -1, if so.
    public let explanation: String?

    /// Reads two files and scores them.
    ///
    /// Ids among the parameters may be of the other form than the file's: `7` finds `"7"`.
    ///
    /// - Parameters:
    ///   - truthPath: The annotation file.
    ///   - detectionsPath: The result file.
    ///   - parameters: What is measured.
    ///   - warnings: Gets what is odd.
    /// - Throws: `JSONError`, `AnnotationError` or `EvaluationError` naming file and place.
    public init(
        truthPath: String, detectionsPath: String, parameters: COCOParameters, warnings: Warnings
    ) throws {
        truth = try COCOReader.dataset(
            path: truthPath, segmentations: parameters.overlapKind == .segm ? .keep : .drop,
            warnings: warnings)
        let detections = try COCOReader.detections(
            path: detectionsPath, for: truth, warnings: warnings)
        var parameters = parameters
        parameters.imageIDs = Self.listed(
            parameters.imageIDs, in: truth.images.map(\.id), "image", warnings)
        parameters.categoryIDs = Self.listed(
            parameters.categoryIDs, in: truth.categories.map(\.id), "category", warnings)
        result = try Evaluation.evaluate(
            truth: truth, detections: detections, parameters: parameters,
            names: EvaluationNames(truth: truthPath, detections: detectionsPath),
            warnings: warnings)
        explanation = result.explanation(truth: truth, detections: detections)
        if let explanation {
            warnings.add(
                .nothingScored(explanation, place: "\(truthPath) and \(detectionsPath)"))
        }
    }

    /// The numbers as a JSON document, with the reason if there is none above 0.
    public var json: JSONValue {
        var object = result.json.object ?? JSONObject()
        if let explanation { object["reason"] = JSONValue(.string(explanation)) }
        return JSONValue(.object(object))
    }

    /// The ids that were asked for as the file has them; unlisted ones are kept and warned of.
    private static func listed(
        _ wanted: [COCOIdentifier]?, in ids: [COCOIdentifier], _ name: String, _ warnings: Warnings
    ) -> [COCOIdentifier]? {
        guard let wanted else { return nil }
        var known: [String: COCOIdentifier] = [:]
        for id in ids { known[id.bare] = id }
        return wanted.map { id in
            if known[id.bare] == nil {
                warnings.add(
                    Warning(
                        kind: "unlisted-\(name)",
                        what: "the \(name) id \(id) that was asked for is not in the truth",
                        place: "--\(name)-ids", fix: "it is scored as one without objects"))
            }
            return known[id.bare] ?? id
        }
    }
}

extension COCOIdentifier {
    /// The id without quotation marks, as the command line has it.
    fileprivate var bare: String {
        if case .text(let text) = self { text } else { description }
    }
}
