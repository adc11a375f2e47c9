import Foundation
import Testing

@testable import Annotations

/// A grey PNG of 4 by 3 pixels.
private let picture =
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAAAAACRn/EaAAAAC0lEQVR4nGNgQAEAAA8AAbVWKT4AAAAASUVORK5CYII="

/// A data set on the disk that lives as long as the test.
private final class DataSet {
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    init(_ files: [String: String], images: [String] = ["a.png"]) throws {
        let folder = root.appending(path: "images/deep")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files {
            try text.write(to: root.appending(path: name), atomically: false, encoding: .utf8)
        }
        let bytes = try #require(Data(base64Encoded: picture))
        for name in images { try bytes.write(to: root.appending(path: "images/" + name)) }
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func check(_ names: [String] = ["train.json"]) throws -> DataReport {
        try DataCheck.run(
            annotations: names.map { root.appending(path: $0).path },
            images: root.appending(path: "images").path)
    }
}

private let entry = #""image_id": 1, "category_id": 3, "area": 1, "iscrowd": 0"#

private func file(
    size: String = "\"width\": 4, \"height\": 3", name: String = "a.png", knife: String = "knife",
    annotations: String = "{\"id\": 1, \(entry), \"bbox\": [1, 1, 2, 1]}"
) -> String {
    """
    {"images": [{"id": 1, "file_name": "\(name)", \(size)}],
     "categories": [{"id": 3, "name": "\(knife)"}], "annotations": [\(annotations)]}
    """
}

@Test func soundDataSetHasNoFindings() throws {
    let report = try DataSet(["train.json": file()]).check()
    #expect(report.findings.isEmpty)
    #expect(!report.hasProblems)
    #expect(report.text == "1 files, 1 images, 1 annotations: 0 problems, 0 notes")
}

@Test(arguments: [
    ("unusable", file(annotations: "{\"id\": 1, \(entry), \"bbox\": [1, NaN, 2, 1]}"), ""),
    (
        "category-unlisted",
        file(annotations: #"{"id": 81, "image_id": 1, "category_id": 9, "bbox": [1, 1, 1, 1]}"#),
        "81"
    ),
    ("box-runs-out", file(annotations: "{\"id\": 82, \(entry), \"bbox\": [2, 1, 6, 2]}"), "82"),
    ("noArea", file(annotations: "{\"id\": 83, \(entry), \"bbox\": [2, 1, 0, 2]}"), "83"),
    (
        "tooFewPoints",
        file(
            annotations:
                "{\"id\": 84, \(entry), \"bbox\": [1, 1, 2, 1], \"segmentation\": [[1, 1, 2, 2]]}"),
        "84"
    ),
    (
        "crowd",
        file(
            annotations: #"{"id": 85, "image_id": 1, "category_id": 3, "bbox": [1, 1, 2, 1], "#
                + #""area": 1, "iscrowd": 1}"#), "85"
    ),
    ("no-objects", file(annotations: ""), ""),
    ("image-missing", file(name: "gone.png"), "gone.png"),
    ("image-size", file(size: "\"width\": 3, \"height\": 4"), "a.png"),
])
func problemIsFoundWithItsEntry(kind: String, text: String, example: String) throws {
    let data = try DataSet(["train.json": text])
    let report = try data.check()
    let found = try #require(report.findings.first { $0.kind == kind })
    #expect(found.severity == .problem)
    #expect(found.examples.first ?? "" == example)
    #expect(found.place.contains("train.json"))
    #expect(report.hasProblems)
}

@Test func sizesThatAreCornersAreRecognised() throws {
    let text = file(
        size: "\"width\": 96, \"height\": 64",
        annotations: "{\"id\": 1000, \(entry), \"bbox\": [50, 30, 80, 50]}")
    let report = try DataSet(["train.json": text]).check()
    let found = try #require(report.findings.first { $0.kind == "box-runs-out" })
    #expect(found.fix == "write [x, y, width, height]; these fit if read as two corners")
}

@Test func splitsAreComparedWithTraining() throws {
    let data = try DataSet(["test.json": file(knife: "blade"), "train.json": file()])
    let report = try data.check(["test.json", "train.json"])
    let kinds = report.findings.map { "\($0.severity.rawValue) \($0.kind)" }
    #expect(kinds == ["problem classes", "note shared-images"])
    #expect(report.findings.first?.what.contains("\"blade\" here and \"knife\"") == true)
}

@Test func backslashIsTriedAsASeparator() throws {
    let data = try DataSet(
        ["train.json": file(name: "deep\\\\b.png")], images: ["deep/b.png"])
    #expect(try data.check().findings.isEmpty)
}

@Test func fileThatIsNoImageIsNamed() throws {
    let data = try DataSet(["train.json": file(), "images/a.png": "not a picture"], images: [])
    let report = try data.check()
    #expect(report.findings.map(\.kind) == ["image-unreadable"])
    #expect(report.findings.first?.examples == ["a.png"])
}

@Test func aFileThatIsCutOffIsFound() throws {
    let data = try DataSet(["train.json": file()], images: [])
    let bytes = try #require(Data(base64Encoded: picture))
    try bytes.prefix(50).write(to: data.root.appending(path: "images/a.png"))
    #expect(try data.check().findings.map(\.kind) == ["image-unreadable"])
}

@Test func equalBoxesAreNoted() throws {
    let twice = [1, 2].map { "{\"id\": \($0), \(entry), \"bbox\": [1, 1, 2, 1]}" }
    let report = try DataSet(["train.json": file(annotations: twice.joined(separator: ","))])
        .check()
    #expect(report.findings.map(\.kind) == ["box-twice"])
    #expect(report.findings.first?.examples == ["2"])
    #expect(!report.hasProblems)
}
