import Annotations
import JSONText
import TestSupport

/// Reference run lengths, written by pycocotools 2.0.11.
enum RunLengthGoldens {
    /// The cases of a file.
    static func cases(_ name: String) throws -> [JSONValue] {
        let path = "\(Goldens.folder)/coco_eval/rle/\(name).json"
        return try JSONValue.read(path: path)["cases"]?.array ?? []
    }
}

extension JSONValue {
    var numbers: [Double] { array?.compactMap(\.double) ?? [] }
    var texts: [String] { array?.compactMap(\.string) ?? [] }
    var runs: [UInt32] { numbers.map { UInt32($0) } }

    func count(_ key: String) -> Int { self[key]?.integer ?? -1 }
    func text(_ key: String) -> String { self[key]?.string ?? "" }

    /// A mask of this case's size from compressed text.
    func mask(_ text: String) throws -> RunLengthMask {
        try RunLengthMask(height: count("h"), width: count("w"), text: text)
    }
}

extension BoxXYWH {
    /// The four numbers, as files have them.
    var list: [Double] { [x, y, width, height] }

    init(_ list: [Double]) {
        self.init(x: list[0], y: list[1], width: list[2], height: list[3])
    }
}
