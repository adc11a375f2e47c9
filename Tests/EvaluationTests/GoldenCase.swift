import Annotations
import Checkpoints
import Evaluation
import JSONText
import TestSupport

/// A case of pycocotools 2.0.11: truth, results, parameters and the arrays it gave.
struct GoldenCase {
    let truth: COCODataset
    let detections: [COCODetection]
    let parameters: COCOParameters
    let expected: SafetensorsFile

    static let names = [
        "01_bbox_basic", "02_bbox_crowd_ignore", "03_bbox_score_ties", "04_bbox_many_detections",
        "05_bbox_empty", "06_bbox_bounds", "07_bbox_id_zero", "08_segm_mixed", "09_segm_bbox_key",
        "10_bbox_use_cats_0", "11_bbox_custom_params",
    ]

    init(_ name: String) throws {
        let folder = "\(Goldens.folder)/coco_eval/\(name)"
        truth = try COCOReader.dataset(path: folder + "/gt.json", warnings: Warnings())
        detections = try COCOReader.detections(
            path: folder + "/dt.json", for: truth, warnings: Warnings())
        parameters = try Self.parameters(JSONValue.read(path: folder + "/case.json"))
        expected = try SafetensorsFile(path: folder + "/expected.safetensors")
    }

    private static func parameters(_ value: JSONValue) -> COCOParameters {
        var result = COCOParameters(value["iouType"]?.string == "segm" ? .segm : .bbox)
        guard let given = value["params_given"] else { return result }
        if let list = given["maxDets"]?.array { result.maxDetections = list.compactMap(\.integer) }
        if let list = given["iouThrs"]?.array { result.iouThresholds = list.compactMap(\.double) }
        if let list = given["recThrs"]?.array {
            result.recallThresholds = list.compactMap(\.double)
        }
        if let list = given["imgIds"]?.array { result.imageIDs = list.map(\.identifier) }
        if let list = given["catIds"]?.array { result.categoryIDs = list.map(\.identifier) }
        if given["useCats"]?.integer == 0 { result.categoryUse = .together }
        if let ranges = given["areaRng"]?.array, let labels = given["areaRngLbl"]?.array {
            result.areaRanges = zip(labels, ranges).map { label, range in
                let ends = (range.array ?? []).compactMap(\.double)
                return AreaRange(label: label.string ?? "", low: ends[0], high: ends[1])
            }
        }
        return result
    }
}

extension JSONValue {
    fileprivate var identifier: COCOIdentifier { .number(Int64(integer ?? -1)) }
}
