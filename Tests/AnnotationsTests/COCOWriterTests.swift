import Files
import Foundation
import JSONText
import TestSupport
import Testing

@testable import Annotations

private func identifier(_ index: Int) -> COCOIdentifier {
    switch index % 3 {
    case 0: .number(Int64(index) - 50)
    case 1: .bigNumber("9999999999999999\(index + 1000)")
    default: .text("scan \"\(index)\" \\ 한글\n")
    }
}

private func segmentation(_ index: Int) -> COCOSegmentation? {
    switch index % 4 {
    case 0: nil
    case 1: .polygons([(0..<6).map { Double($0 * index) / 7 }, [0, 0, 1e-7, 3, 1e17, 2]])
    case 2: .runLengths(height: index, width: 3, counts: [0, UInt32(index), .max])
    default: .compressed(height: index, width: 3, counts: "0\\\"o`\(index)")
    }
}

private func sample(count: Int) -> COCODataset {
    let images = (0..<count).map {
        COCOImage(id: identifier($0), fileName: "é/\($0).png", width: $0, height: 2 * $0)
    }
    let annotations = (0..<count).map { index in
        COCOAnnotation(
            id: identifier(index + 1), imageID: identifier(index), categoryID: .number(1),
            box: BoxXYWH(x: 0.1 * Double(index), y: -1 / 3, width: 2.5e-308, height: 1e21),
            area: Double(index) / 9, isCrowd: index % 5 == 0, segmentation: segmentation(index))
    }
    return COCODataset(
        images: images, categories: [COCOCategory(id: .number(1), name: "한 \"knife\"")],
        annotations: annotations)
}

@Test(arguments: [0, 1, 100, 3000]) func writtenDatasetReadsBackEqual(count: Int) throws {
    let folder = try TemporaryFolder()
    let warnings = Warnings()
    let written = sample(count: count)
    try COCOWriter.write(written, to: folder.path("a.json"))
    let read = try COCOReader.dataset(path: folder.path("a.json"), warnings: warnings)
    #expect(read.images == written.images)
    #expect(read.categories == written.categories)
    let annotations = try #require(read.annotations).map { annotation in
        var placeless = annotation
        placeless.offset = 0
        return placeless
    }
    #expect(annotations == written.annotations)
    #expect(warnings.isEmpty)
    #expect(folder.names == ["a.json"])
}

@Test func writtenDetectionsReadBackEqual() throws {
    let folder = try TemporaryFolder()
    let truth = sample(count: 40)
    let written = (0..<40).map { index in
        COCODetection(
            imageID: identifier(index), categoryID: .number(1), score: 1 / Double(index + 1),
            box: index % 4 == 1 ? nil : BoxXYWH(x: 1, y: 2, width: 3, height: 4),
            segmentation: segmentation(index))
    }
    try COCOWriter.write(written, to: folder.path("dt.json"))
    let read = try COCOReader.detections(
        path: folder.path("dt.json"), for: truth, warnings: Warnings())
    #expect(read == written)
}

@Test func categoriesOnTheirOwnReadBackEqual() throws {
    let written = (0..<9).map { COCOCategory(id: identifier($0), name: "한 \"\($0)\"\n") }
    let source = JSONSource(text: COCOWriter.text(written), name: "classes")
    #expect(try COCOReader.categories(source: source) == written)
}

@Test(arguments: ["", "{}", "[1]", "[{\"id\": 1}]", "[{\"id\": 1.5, \"name\": \"a\"}]", "[] 1"])
func textThatIsNoListOfCategoriesIsRefused(text: String) {
    #expect(throws: JSONError.self) {
        try COCOReader.categories(source: JSONSource(text: text, name: "classes"))
    }
}

@Test func absentAnnotationsStayAbsent() throws {
    let folder = try TemporaryFolder()
    let dataset = COCODataset(images: [], categories: [], annotations: nil)
    try COCOWriter.write(dataset, to: folder.path("a.json"))
    let read = try COCOReader.dataset(path: folder.path("a.json"), warnings: Warnings())
    #expect(read.annotations == nil)
}

@Test func folderThatIsMissingIsNamed() throws {
    let error = #expect(throws: FileError.self) {
        try COCOWriter.write([COCODetection](), to: "no/such/dt.json")
    }
    #expect(error?.place == "no/such/dt.json")
}
