import JSONText
import Testing

@testable import Annotations

private let images = #""images": [{"id": 1, "file_name": "a.png", "width": 20, "height": 10}]"#
private let categories = #""categories": [{"id": 3, "name": "knife"}]"#

private func file(_ annotations: String) -> String {
    "{\(images),\n\(categories),\n\"annotations\": [\n\(annotations)]}"
}

private func read(
    _ text: String, _ segmentations: COCOReader.Segmentations = .keep,
    _ warnings: Warnings = Warnings()
) throws -> COCODataset {
    try COCOReader.dataset(
        source: JSONSource(text: text, name: "gt.json"), segmentations: segmentations,
        warnings: warnings)
}

private func refusal(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "accepted"
    } catch {
        return "\(error)"
    }
}

// MARK: - What is read

@Test func everyFieldIsRead() throws {
    let text = file(
        #"""
        {"id": 7, "image_id": 1, "category_id": 3, "bbox": [1, 2.5, 3, 4], "area": 11.5,
         "iscrowd": 1, "segmentation": [[1, 2, 3, 4, 5, 6.25]], "extra": {"x": [1]}},
        {"id": 8, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 0,
         "segmentation": {"size": [10, 20], "counts": [3, 197]}},
        {"id": 9, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 0,
         "segmentation": {"counts": "a\\b", "size": [10, 20]}}
        """#)
    let warnings = Warnings()
    let dataset = try read(text, .keep, warnings)
    #expect(dataset.images == [COCOImage(id: .number(1), fileName: "a.png", width: 20, height: 10)])
    #expect(dataset.categories == [COCOCategory(id: .number(3), name: "knife")])
    let annotations = try #require(dataset.annotations)
    #expect(annotations[0].box == BoxXYWH(x: 1, y: 2.5, width: 3, height: 4))
    #expect(annotations[0].area == 11.5)
    #expect(annotations[0].isCrowd)
    #expect(
        annotations.map(\.segmentation) == [
            .polygons([[1, 2, 3, 4, 5, 6.25]]),
            .runLengths(height: 10, width: 20, counts: [3, 197]),
            .compressed(height: 10, width: 20, counts: "a\\b"),
        ])
    let source = JSONSource(text: text, name: "gt.json")
    #expect(annotations.map { source.position(at: $0.offset).line } == [4, 6, 8])
    #expect(warnings.isEmpty)
}

@Test func droppedOutlinesAreStillCounted() throws {
    let entry = #""image_id": 1, "category_id": 3, "area": 1, "iscrowd": 0"#
    let text = file(
        """
        {"id": 1, \(entry), "bbox": [0, 0, 1, 1], "segmentation": []},
        {"id": 2, \(entry), "bbox": [0, 0, 1, 1], "segmentation": [[1, 2, 3, 4]]},
        {"id": 3, \(entry), "segmentation": [[1, 2, 3, 4, 5, 7]]},
        {"id": 4, \(entry), "bbox": [0, 0, 1, 1], "segmentation": null}
        """)
    for mode in [COCOReader.Segmentations.keep, .drop] {
        let annotations = try #require(try read(text, mode).annotations)
        #expect(annotations.map(\.outline) == [.empty, .tooFewPoints, .usable, .absent])
        #expect(annotations[2].box == BoxXYWH(x: 1, y: 2, width: 4, height: 5))
        #expect((annotations[2].segmentation == nil) == (mode == .drop))
    }
}

@Test func absentAnnotationsAreNil() throws {
    #expect(try read("{\(images), \(categories)}").annotations == nil)
    #expect(try read("{\(images), \(categories), \"annotations\": []}").annotations == [])
}

@Test func markAndLineEndsOfOtherSystemsAreRead() throws {
    let text = "\u{FEFF}" + file("").split(separator: "\n").joined(separator: "\r\n")
    #expect(try read(text).images.count == 1)
}

@Test func idsOfAnySizeOrTextAreKept() throws {
    let text = #"""
        {"images": [{"id": 18446744073709551615, "file_name": "a", "width": 1, "height": 1},
                    {"id": "scan-7", "file_name": "b", "width": 1, "height": 1}],
         "categories": [{"id": "k", "name": "knife"}],
         "annotations": [{"id": -1, "image_id": 18446744073709551615, "category_id": "k",
                          "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 0},
                         {"id": "x", "image_id": "scan-7", "category_id": "k",
                          "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 0}]}
        """#
    let warnings = Warnings()
    let dataset = try read(text, .keep, warnings)
    #expect(dataset.images.map(\.id) == [.bigNumber("18446744073709551615"), .text("scan-7")])
    #expect(dataset.annotations?.map(\.id) == [.number(-1), .text("x")])
    #expect(warnings.isEmpty)
}

@Test func idsAreOrderedByValueThenText() {
    let ordered: [COCOIdentifier] = [
        .bigNumber("-99999999999999999999"), .bigNumber("-9999999999999999999"), .number(-3),
        .number(0), .number(12), .bigNumber("9999999999999999999"),
        .bigNumber("12345678901234567890"), .text("10"), .text("9"), .text("a"),
    ]
    #expect(ordered.shuffled().sorted() == ordered)
}

@Test(arguments: [
    ("1", true), ("-7", true), ("01", false), ("1.0", false), ("", false), ("-", false),
])
func onlyPlainDecimalTextStandsForANumber(text: String, isNumber: Bool) {
    #expect((COCOIdentifier.text(text).otherForm != nil) == isNumber)
}

// MARK: - What is read with a warning

@Test func decimalTextIsTakenForTheNumber() throws {
    let warnings = Warnings()
    let dataset = try read(
        file(
            #"""
            {"id": 7, "image_id": "1", "category_id": "3", "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 0},
            {"id": 8, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": false}
            """#), .keep, warnings)
    #expect(dataset.annotations?.map(\.imageID) == [.number(1), .number(1)])
    #expect(dataset.annotations?.map(\.categoryID) == [.number(3), .number(3)])
    #expect(
        warnings.summary == """
            warning: 1 entries have a text as image_id where others have numbers; "1" is taken for 1
              in gt.json:4:1, first (id 7)
              fix: write numbers without quotes
            warning: 1 entries have a text as category_id where others have numbers; "1" is taken for 1
              in gt.json:4:1, first (id 7)
              fix: write numbers without quotes
            """)
}

@Test func missingAreaAndCrowdAreFilledInAndCounted() throws {
    let warnings = Warnings()
    let dataset = try read(
        file(
            #"""
            {"id": 7, "image_id": 1, "category_id": 3, "bbox": [0, 0, 2, 3], "area": 1, "iscrowd": true},
            {"id": 8, "image_id": 1, "category_id": 3, "bbox": [0, 0, 2, 3], "iscrowd": null},
            {"id": 9, "image_id": 1, "category_id": 3, "bbox": [0, 0, 2, 3], "area": null}
            """#), .keep, warnings)
    let annotations = try #require(dataset.annotations)
    #expect(annotations.map(\.area) == [1, 6, 6])
    #expect(annotations.map(\.areaIsComputed) == [false, true, true])
    #expect(annotations.map(\.isCrowd) == [true, false, false])
    #expect(
        warnings.summary == """
            warning: 2 of 3 annotations have no area; that of the box or mask is used
              in gt.json:5:1, first (id 8)
              fix: write "area": small, medium and large objects are told apart by it
            warning: 2 of 3 annotations have no iscrowd; they count as single objects
              in gt.json:5:1, first (id 8)
              fix: write "iscrowd": 0 or 1
            """)
}

// MARK: - What is refused

private let good = #""image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1]"#

@Test(
    arguments: [
        (
            "[]", "expected an annotation file, found a list", "gt.json:1:1",
            "name the file with \"images\" and \"categories\"; a list is a result file"
        ),
        (
            "{\(images)}", "the file has no \"categories\"", "gt.json",
            "name a COCO annotation file, or write the list"
        ),
        (
            "{\(categories)}", "the file has no \"images\"", "gt.json",
            "name a COCO annotation file, or write the list"
        ),
        (
            "{\"images\": {}, \(categories)}", "expected a list, found an object",
            "gt.json:1:12, images", "write a list here"
        ),
        (
            "{\"images\": [[1]], \(categories)}", "expected an object, found a list",
            "gt.json:1:13, images[0]", "write an object here"
        ),
        (
            "{\"images\": [],\n\"images\": []}", "the key \"images\" stands twice in one object",
            "gt.json:2:1", "remove one of them"
        ),
        (
            file("{\"id\": 7, \(good)},\n{\"id\": 7, \(good)}"),
            "two entries of \"annotations\" have the annotation id 7",
            "gt.json:5:1, annotations[1] (id 7)",
            "give each its own id; the first is annotations[0] in line 4"
        ),
        (
            "{\"images\": [{\"id\": 1},\n{\"id\": 1}], \(categories)}",
            "two entries of \"images\" have the image id 1", "gt.json:2:1, images[1] (id 1)",
            "give each its own id; the first is images[0] in line 1"
        ),
        (
            file(#"{"id": 7, "image_id": 99, "category_id": 3, "bbox": [0, 0, 1, 1]}"#),
            "the image_id 99 is not listed under \"images\"", "gt.json:4:1, annotations[0] (id 7)",
            "list the image, or remove the annotation"
        ),
        (
            file(#"{"image_id": 1, "category_id": 3, "bbox": [0, NaN, 1, 1], "id": 7}"#),
            "NaN is no JSON number", "gt.json:4:47, annotations[0] (id 7)",
            "write a finite number, or leave the entry out"
        ),
        (
            file(#"{"id": "x", "image_id": 1, "category_id": 3, "bbox": [0, "1", 1, 1]}"#),
            "expected a number, found a text", "gt.json:4:58, annotations[0] (id \"x\")",
            "write a number here"
        ),
        (
            file(#"{"id": 7, "image_id": 1, "category_id": 3, "bbox": [0, 1, 1]}"#),
            "\"bbox\" has 3 numbers", "gt.json:4:52, annotations[0] (id 7)",
            "write left, top, width and height in pixels"
        ),
        (
            file(#"{"id": 7.5, "image_id": 1, "category_id": 3, "bbox": [0, 1, 1, 1]}"#),
            "expected an integer or a text as id, found 7.5",
            "gt.json:4:8, annotations[0] (id 7.5)",
            "write the id without a decimal point"
        ),
        (
            file(#"{"id": 7, "image_id": 1, "bbox": [0, 1, 1, 1]}"#),
            "the entry has no \"category_id\"", "gt.json:4:1, annotations[0] (id 7)", "write it"
        ),
        (
            file(#"{"id": 7, "image_id": 1, "category_id": 3}"#), "the entry has no \"bbox\"",
            "gt.json:4:1, annotations[0] (id 7)", "write it"
        ),
        (
            file("{\"id\": 7, \(good), \"iscrowd\": 2}"), "\"iscrowd\" is 2.0",
            "gt.json:4:77, annotations[0] (id 7)", "write 0 or 1"
        ),
        (
            file("{\"id\": 7, \(good), \"segmentation\": [1, 2, 3, 4]}"),
            "a segmentation holds numbers instead of polygons",
            "gt.json:4:83, annotations[0] (id 7)",
            "put each polygon into a list of its own: [[x, y, x, y, ...]]"
        ),
        (
            file("{\"id\": 7, \(good), \"segmentation\": {\"size\": [1, 2]}}"),
            "run lengths need \"size\" with two numbers and \"counts\"",
            "gt.json:4:82, annotations[0] (id 7)",
            "write {\"size\": [height, width], \"counts\": ...}"
        ),
        (
            file("{\"id\": 7, \(good), \"segmentation\": {\"size\": [1, 2], \"counts\": [-1]}}"),
            "a run length is negative or beyond 32 bits", "gt.json:4:110, annotations[0] (id 7)",
            "write the lengths of the runs in pixels"
        ),
        (
            "{\"images\": [{\"id\": 1, \"width\":", "the text ends where a value is expected",
            "gt.json:1:31, images[0] (id 1)", "the file seems cut off; write or copy it again"
        ),
    ] as [(String, String, String, String)])
func unusableFileIsRefused(text: String, what: String, place: String, fix: String) {
    let expected = "error: \(what)\n  in \(place)\n  fix: \(fix)"
    #expect(refusal { _ = try read(text) } == expected)
    #expect(refusal { _ = try read(text, .drop) } == expected)
}

// MARK: - Results

private func results(_ text: String, _ warnings: Warnings = Warnings()) throws -> [COCODetection] {
    try COCOReader.detections(
        source: JSONSource(text: text, name: "dt.json"), for: read(file("")), warnings: warnings)
}

@Test(arguments: ["[@]", "{\"info\": {}, \"annotations\": [@]}"])
func resultsAreAListAloneOrInAnObject(form: String) throws {
    let entry = #"{"image_id": 1, "category_id": 3, "bbox": [0, 1, 2, 3], "score": 0.5}"#
    let expected = COCODetection(
        imageID: .number(1), categoryID: .number(3), score: 0.5,
        box: BoxXYWH(x: 0, y: 1, width: 2, height: 3))
    #expect(try results(form.replacing("@", with: entry)) == [expected])
    #expect(try results(form.replacing("@", with: "")) == [])
}

@Test func resultsWithTextIdsAreSpeltAsTheTruth() throws {
    let warnings = Warnings()
    let read = try results(
        #"[{"image_id": "1", "category_id": "3", "bbox": [0, 1, 2, 3], "score": 0.5}]"#, warnings)
    #expect(read.map(\.imageID) == [.number(1)])
    #expect(read.map(\.categoryID) == [.number(3)])
    #expect(
        warnings.summary == """
            warning: 2 ids of the results are texts where the ground truth has numbers, or the \
            reverse; "1" is taken for 1
              in dt.json:1:2, first
              fix: write the ids as the ground truth has them
            """)
}

@Test(
    arguments: [
        (
            "{\"info\": 1}", "the results are an object without \"annotations\"", "dt.json:1:1",
            "write a list of detections, or an object that has it under \"annotations\""
        ),
        (
            "[\n{\"image_id\": 42, \"category_id\": 3, \"bbox\": [0, 0, 1, 1], \"score\": 1}]",
            "the ground truth lists no image with the image_id 42", "dt.json:2:1, [0]",
            "score against the annotation file of the same images"
        ),
        (
            "[\n{\"image_id\": 1, \"category_id\": 3, \"bbox\": [0, 0, 1, 1], \"score\": NaN}]",
            "NaN is no JSON number", "dt.json:2:66, [0]",
            "write a finite number, or leave the entry out"
        ),
        (
            "[{\"image_id\": 1, \"category_id\": 3, \"score\": 1}]",
            "the entry has neither \"bbox\" nor \"segmentation\"", "dt.json:1:2, [0]",
            "write one of them"
        ),
        (
            "[{\"image_id\": 1, \"category_id\": 3, \"bbox\": [0, 0, 1, 1]}]",
            "the entry has no \"score\"", "dt.json:1:2, [0]", "write it"
        ),
    ] as [(String, String, String, String)])
func unusableResultsAreRefused(text: String, what: String, place: String, fix: String) {
    let expected = "error: \(what)\n  in \(place)\n  fix: \(fix)"
    #expect(refusal { _ = try results(text) } == expected)
}

@Test func textIDsThatOnlyLookAlikeAreTwo() throws {
    let composed = COCOIdentifier.text("\u{E9}")
    let decomposed = COCOIdentifier.text("e\u{301}")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(decomposed < composed, "by code points: e is U+0065")
}
