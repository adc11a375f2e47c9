import JSONText
import Testing

@testable import Annotations

private func split(_ categories: [(Int64, String)], objects: [Int64] = []) -> COCODataset {
    COCODataset(
        images: [COCOImage(id: .number(1), fileName: "a.png", width: 9, height: 9)],
        categories: categories.map { COCOCategory(id: .number($0.0), name: $0.1) },
        annotations: objects.enumerated().map { index, category in
            COCOAnnotation(
                id: .number(Int64(index)), imageID: .number(1), categoryID: .number(category),
                box: BoxXYWH(x: 0, y: 0, width: 1, height: 1), area: 1)
        })
}

private let table = ClassTable(training: split([(9, "gun"), (2, "knife"), (40, "bottle")]))

@Test func classesAreListedCategoriesInTheOrderOfTheirIDs() {
    #expect(table.names == ["knife", "gun", "bottle"])
    #expect(table.index(of: .number(9)) == 1)
    #expect(table.index(of: .number(3)) == nil)
    #expect(table.count == 3)
}

@Test func fewerOrUnusedOtherCategoriesDoNoHarm() {
    let other = split([(2, "knife"), (77, "scissors")], objects: [2])
    #expect(throws: Never.self) {
        try table.refuseMismatch(other, path: "val.json", trainingPath: "train.json")
    }
}

@Test func anotherNameUnderAnIDIsRefused() {
    let error = #expect(throws: AnnotationError.self) {
        try table.refuseMismatch(
            split([(9, "pistol")]), path: "val.json", trainingPath: "train.json")
    }
    #expect(
        error?.description == """
            error: the category 9 is "pistol" here and "gun" in train.json
              in val.json, categories (id 9)
              fix: use the same names under the same ids in all splits
            """)
}

@Test func unknownCategoryWithObjectsIsRefused() {
    let error = #expect(throws: AnnotationError.self) {
        try table.refuseMismatch(
            split([(2, "knife"), (77, "scissors")], objects: [77, 2, 77]), path: "val.json",
            trainingPath: "train.json")
    }
    #expect(
        error?.description == """
            error: the category 77 ("scissors") has 2 objects here and is not listed in train.json
              in val.json, categories (id 77)
              fix: list it in the training file, or remove its objects
            """)
}
