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
        truth = try Self.dataset(JSONValue.read(path: folder + "/gt.json"))
        detections = try (JSONValue.read(path: folder + "/dt.json").array ?? []).map(Self.detection)
        parameters = try Self.parameters(JSONValue.read(path: folder + "/case.json"))
        expected = try SafetensorsFile(path: folder + "/expected.safetensors")
    }

    private static func dataset(_ value: JSONValue) -> COCODataset {
        COCODataset(
            images: (value["images"]?.array ?? []).map {
                COCOImage(
                    id: $0.id("id"), fileName: "", width: $0["width"]?.integer ?? 0,
                    height: $0["height"]?.integer ?? 0)
            },
            categories: (value["categories"]?.array ?? []).map {
                COCOCategory(id: $0.id("id"), name: $0["name"]?.string ?? "")
            },
            annotations: (value["annotations"]?.array ?? []).map {
                COCOAnnotation(
                    id: $0.id("id"), imageID: $0.id("image_id"), categoryID: $0.id("category_id"),
                    box: $0.box ?? BoxXYWH(x: 0, y: 0, width: 0, height: 0),
                    area: $0["area"]?.double ?? 0, isCrowd: $0["iscrowd"]?.integer == 1,
                    segmentation: $0.segmentation)
            })
    }

    private static func detection(_ value: JSONValue) -> COCODetection {
        COCODetection(
            imageID: value.id("image_id"), categoryID: value.id("category_id"),
            score: value["score"]?.double ?? 0, box: value.box, segmentation: value.segmentation)
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

    fileprivate func id(_ key: String) -> COCOIdentifier { self[key]?.identifier ?? .number(-1) }

    fileprivate var box: BoxXYWH? {
        guard let list = self["bbox"]?.array?.compactMap(\.double), list.count == 4 else {
            return nil
        }
        return BoxXYWH(x: list[0], y: list[1], width: list[2], height: list[3])
    }

    fileprivate var segmentation: COCOSegmentation? {
        guard let value = self["segmentation"] else { return nil }
        if let polygons = value.array {
            return .polygons(polygons.map { $0.array?.compactMap(\.double) ?? [] })
        }
        let size = value["size"]?.array?.compactMap(\.integer) ?? [0, 0]
        if let text = value["counts"]?.string {
            return .compressed(height: size[0], width: size[1], counts: text)
        }
        let counts = value["counts"]?.array?.compactMap(\.integer) ?? []
        return .runLengths(height: size[0], width: size[1], counts: counts.map { UInt32($0) })
    }
}
