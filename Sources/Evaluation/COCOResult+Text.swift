import Annotations
import JSONText

extension COCOResult {
    /// The twelve lines of pycocotools, then a table of the categories.
    public var table: String {
        (lines + (classes.isEmpty ? [] : [""] + classTable)).joined(separator: "\n")
    }

    private var classTable: [String] {
        let names = classes.map { $0.category.name }
        let width = max(8, names.map(\.count).max() ?? 0)
        let head =
            "category".padded(to: width)
            + ["objects", "found", "AP", "AP50", "AP75", "AR"].map { $0.padded(toRight: 9) }
            .joined()
        return [head]
            + classes.map { scores in
                let counts = [String(scores.objects), String(scores.detections)]
                let shares = scores.shares.map(Decimals.share)
                return scores.category.name.padded(to: width)
                    + (counts + shares).map { $0.padded(toRight: 9) }.joined()
            }
    }

    /// The numbers as a JSON document: `stats`, their names, the categories and the parameters.
    public var json: JSONValue {
        var object = JSONObject()
        object["stats"] = .list(stats)
        object["stat_names"] = JSONValue(.array(Self.statNames.map { JSONValue(.string($0)) }))
        if let plain = statsWithoutZeroQuirk {
            object["stats_without_annotation_id_0_quirk"] = .list(plain)
        }
        object["iou_type"] = JSONValue(.string(parameters.overlapKind.rawValue))
        object["images"] = JSONValue(.integer(Int64(imageIDs.count)))
        object["classes"] = JSONValue(.array(classes.map(\.json)))
        object["parameters"] = parameters.json
        return JSONValue(.object(object))
    }
}

extension ClassScores {
    /// AP, AP50, AP75 and AR.
    var shares: [Double] {
        [averagePrecision, averagePrecision50, averagePrecision75, averageRecall]
    }

    fileprivate var json: JSONValue {
        [
            "id": category.id.json, "name": JSONValue(.string(category.name)),
            "objects": JSONValue(.integer(Int64(objects))),
            "detections": JSONValue(.integer(Int64(detections))),
            "AP": JSONValue(.double(averagePrecision)),
            "AP50": JSONValue(.double(averagePrecision50)),
            "AP75": JSONValue(.double(averagePrecision75)),
            "AR": JSONValue(.double(averageRecall)),
        ]
    }
}

extension COCOParameters {
    fileprivate var json: JSONValue {
        let limits = maxDetections.map { JSONValue(.integer(Int64($0))) }
        let ranges = areaRanges.map { range -> JSONValue in
            ["label": JSONValue(.string(range.label)), "range": .list([range.low, range.high])]
        }
        return [
            "max_dets": JSONValue(.array(limits)), "iou_thresholds": .list(iouThresholds),
            "area_ranges": JSONValue(.array(ranges)),
            "use_categories": JSONValue(.boolean(categoryUse == .apart)),
        ]
    }
}

extension JSONValue {
    fileprivate static func list(_ values: [Double]) -> JSONValue {
        JSONValue(.array(values.map { JSONValue(.double($0)) }))
    }
}

extension COCOIdentifier {
    /// The id as files have it.
    fileprivate var json: JSONValue {
        switch self {
        case .number(let value): JSONValue(.integer(value))
        case .bigNumber(let digits): JSONValue(.bigInteger(digits))
        case .text(let text): JSONValue(.string(text))
        }
    }
}
