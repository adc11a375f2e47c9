import JSONText
import Testing

@testable import Annotations

private let image = COCOImage(id: .number(1), fileName: "a.png", width: 20, height: 10)

private func annotation(
    _ id: Int64, _ box: [Double] = [1, 1, 2, 2], isCrowd: Bool = false,
    outline: COCOSegmentation? = nil
) -> COCOAnnotation {
    COCOAnnotation(
        id: .number(id), imageID: .number(1), categoryID: .number(3),
        box: BoxXYWH(x: box[0], y: box[1], width: box[2], height: box[3]), area: 4,
        isCrowd: isCrowd, segmentation: outline)
}

private func dataset(_ annotations: [COCOAnnotation]) -> COCODataset {
    COCODataset(
        images: [image], categories: [COCOCategory(id: .number(3), name: "knife")],
        annotations: annotations)
}

@Test func everyReasonIsTold() {
    let triangle = COCOSegmentation.polygons([[1, 1, 3, 1, 3, 3]])
    let selection = TrainingSelection(
        dataset([
            annotation(1, outline: triangle),
            annotation(2, isCrowd: true),
            annotation(3, [20, 1, 2, 2]),
            annotation(4, [-2, 1, 2, 2]),
            annotation(5, [1, 1, 0, 2]),
            annotation(6, [1, 1, 2, -2]),
            annotation(7, outline: .polygons([])),
            annotation(8, outline: .polygons([[1, 1, 2, 2]])),
            annotation(9, outline: .polygons([[1, 1], [1, 1, 3, 1, 3, 3]])),
            annotation(10, [19, 9, 5, 5]),
        ]), targets: .boxes)
    #expect(selection.kept.map(\.id) == [.number(1), .number(9), .number(10)])
    #expect(
        selection.dropped.map(\.reason) == [
            .crowd, .outsideImage, .outsideImage, .noArea, .noArea, .emptySegmentation,
            .tooFewPoints,
        ])
    #expect(
        selection.summary == "7 of 10 annotations left out: 1 crowds, 2 outside their image, "
            + "2 without area, 1 with an empty segmentation, "
            + "1 with polygons of fewer than three points")
}

@Test func fileOfBoxesAloneLosesNothingToEmptySegmentations() {
    let boxes = dataset((1...3).map { annotation($0, outline: .polygons([])) })
    #expect(TrainingSelection(boxes, targets: .boxes).dropped.isEmpty)
    #expect(TrainingSelection(boxes, targets: .masks).kept.isEmpty)
    let absent = dataset([annotation(1)])
    #expect(TrainingSelection(absent, targets: .masks).dropped.map(\.reason) == [.noSegmentation])
}

@Test func unknownImageSizeDropsNothing() {
    var unknown = dataset([annotation(1, [100, 100, 2, 2])])
    unknown.images[0].width = 0
    #expect(TrainingSelection(unknown, targets: .boxes).dropped.isEmpty)
}

@Test func nothingLeftIsRefusedWithItsReason() {
    let crowds = TrainingSelection(
        dataset([annotation(1, isCrowd: true), annotation(2, isCrowd: true)]), targets: .boxes)
    let error = #expect(throws: AnnotationError.self) {
        try crowds.refuseNothing(path: "train.json")
    }
    #expect(
        error?.description == """
            error: nothing is left to train on: 2 crowds
              in train.json
              fix: write "iscrowd": 0 for single objects
            """)
    let empty = TrainingSelection(dataset([]), targets: .boxes)
    #expect(throws: AnnotationError.self) { try empty.refuseNothing(path: "train.json") }
}

@Test func droppedAnnotationIsNamedWithItsLine() throws {
    let text = """
        {"images": [{"id": 1, "width": 20, "height": 10}], "categories": [],
         "annotations": [
          {"id": 77, "image_id": 1, "category_id": 3, "bbox": [50, 1, 2, 2], "area": 4, "iscrowd": 0}]}
        """
    let source = JSONSource(text: text, name: "train.json")
    let read = try COCOReader.dataset(source: source, warnings: Warnings())
    let warnings = Warnings()
    TrainingSelection(read, targets: .boxes).warn(warnings, AnnotationPlaces(source: source))
    #expect(
        warnings.summary == """
            warning: annotation 77 has its box outside its image and is left out of training
              in train.json:3:3, annotations[0] (id 77)
              fix: correct it, or remove it
            """)
    let error = #expect(throws: AnnotationError.self) {
        try read.refuseForTraining(path: "train.json", AnnotationPlaces(source: source))
    }
    #expect(
        error?.description == """
            error: the category_id 3 is not listed under "categories"
              in train.json:3:3, annotations[0] (id 77)
              fix: list the category, or remove its annotations
            """)
}

@Test func fileWithoutAnnotationsIsRefusedForTraining() {
    let bare = COCODataset(images: [image], categories: [], annotations: nil)
    let error = #expect(throws: AnnotationError.self) {
        try bare.refuseForTraining(path: "train.json", AnnotationPlaces(path: "train.json"))
    }
    #expect(error?.what == "the file has no \"annotations\"")
}
