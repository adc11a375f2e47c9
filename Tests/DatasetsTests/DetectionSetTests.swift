import Annotations
import Foundation
import Imaging
import JSONText
import TestSupport
import Testing

@testable import Datasets

@Suite struct DetectionSetTests {
    @Test func objectsGetLabelsByTheOrderOfIDs() throws {
        var small = try SmallSet(imageCount: 1)
        small.dataset.categories = [
            COCOCategory(id: .number(9), name: "b"), COCOCategory(id: .number(5), name: "a"),
        ]
        small.dataset.annotations?.append(
            COCOAnnotation(
                id: .number(77), imageID: .number(1), categoryID: .number(9),
                box: BoxXYWH(x: 1, y: 2, width: 3, height: 4), area: 12))
        let set = try small.load()
        #expect(set.classes.names == ["a", "b"])
        #expect(set.items[0].objects.map(\.label) == [0, 1])
        #expect(set.items[0].objects[1].box == BoxXYXY(x0: 1, y0: 2, x1: 4, y1: 6))
        #expect(set.objectCount == 2 && set.warnings.isEmpty)
    }

    @Test(arguments: [
        BoxXYWH(x: 200, y: 10, width: 5, height: 5), BoxXYWH(x: -9, y: 10, width: 9, height: 5),
        BoxXYWH(x: 10, y: 10, width: 0, height: 5), BoxXYWH(x: 10, y: 10, width: 5, height: -1),
    ])
    func boxesOutsideOrWithoutAreaAreDroppedByID(box: BoxXYWH) throws {
        var small = try SmallSet(imageCount: 2)
        small.dataset.annotations?.append(SmallSet.annotation(4711, in: .number(2), box))
        let set = try small.load()
        #expect(set.items.count == 2 && set.objectCount == 2)
        #expect(set.warnings.count == 1 && set.warnings[0].kind.hasPrefix("dropped-"))
        #expect(set.warnings[0].what.contains("4711"))
        #expect(set.warnings[0].place.contains("train.json"))
    }

    @Test func boxesAreCutAtTheEdgeOfTheImage() throws {
        var small = try SmallSet(imageCount: 1)
        small.dataset.annotations = [
            SmallSet.annotation(1, in: .number(1), BoxXYWH(x: 90, y: -5, width: 20, height: 20))
        ]
        let box = try small.load().items[0].objects[0].box
        #expect(box == BoxXYXY(x0: 90, y0: 0, x1: 96, y1: 15))
    }

    @Test func missingImageIsDroppedByName() throws {
        let small = try SmallSet(imageCount: 24)
        try FileManager.default.removeItem(atPath: small.folder.path + "/7.png")
        let set = try small.load()
        #expect(set.items.count == 23)
        #expect(set.warnings.map(\.kind) == ["image-missing"])
        #expect(set.warnings[0].place.hasSuffix("/7.png"))
        let error = #expect(throws: DatasetError.self) { try small.load(.stop) }
        #expect(error?.place.hasSuffix("/7.png") == true)
    }

    @Test func moreThanFivePercentAreRefused() throws {
        let small = try SmallSet(imageCount: 3)
        try FileManager.default.removeItem(atPath: small.folder.path + "/1.png")
        let error = #expect(throws: DatasetError.self) { try small.load() }
        #expect(error?.what.contains("1 of 3 images") == true)
        #expect(error?.what.contains("1.png") == true)
        #expect(error?.what.contains("its file is not there") == true)
    }

    @Test func imageOfAnotherSizeIsDropped() throws {
        var small = try SmallSet(imageCount: 24)
        small.dataset.images[2].width = 64
        small.dataset.images[2].height = 96
        let set = try small.load()
        #expect(set.items.count == 23)
        #expect(set.warnings.map(\.kind) == ["image-size"])
        #expect(set.warnings[0].what.contains("96 x 64"))
    }

    @Test func tooManyOfAnotherSizeAreRefusedWithBothSizes() throws {
        var small = try SmallSet(imageCount: 3)
        small.dataset.images[2].width = 64
        let error = #expect(throws: DatasetError.self) { try small.load() }
        #expect(error?.what.contains("listed as 64 x") == true, "\(error?.what ?? "")")
    }

    @Test func unreadableHeaderIsDropped() throws {
        let small = try SmallSet(imageCount: 24)
        try small.folder.write("<html>", "2.png")
        #expect(try small.load().warnings.map(\.kind) == ["image-undecodable"])
    }

    @Test func backslashIsTriedAsASeparator() throws {
        var small = try SmallSet(imageCount: 2)
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: small.folder.path + "/sub", withIntermediateDirectories: true)
        try manager.moveItem(
            atPath: small.folder.path + "/0.png", toPath: small.folder.path + "/sub/0.png")
        small.dataset.images[0].fileName = "sub\\0.png"
        try manager.moveItem(
            atPath: small.folder.path + "/1.png", toPath: small.folder.path + "/odd\\1.png")
        small.dataset.images[1].fileName = "odd\\1.png"
        let paths = try small.load().items.map(\.path)
        #expect(paths[0].hasSuffix("/sub/0.png") && paths[1].hasSuffix("/odd\\1.png"))
    }

    @Test func missingFolderIsNamed() throws {
        let small = try SmallSet(imageCount: 1)
        let error = #expect(throws: DatasetError.self) {
            try DetectionSet(
                small.dataset,
                from: .init(annotationFile: "a.json", imageFolder: small.folder.path + "/none"),
                classes: ClassTable(small.dataset.categories), use: .training)
        }
        #expect(error?.place.hasSuffix("/none") == true)
    }

    @Test func everythingACrowdIsRefusedForTraining() throws {
        var small = try SmallSet(imageCount: 2)
        small.makeCrowds(of: 0..<2)
        let error = #expect(throws: DatasetError.self) { try small.load() }
        #expect(error?.what.contains("crowds") == true)
        #expect(try small.load(use: .evaluation).items.count == 2)
    }

    @Test func crowdsStayAsRegionsToIgnore() throws {
        var small = try SmallSet(imageCount: 3)
        small.makeCrowds(of: 1..<2)
        let set = try small.load()
        #expect(set.items.map { $0.objects.map(\.isCrowd) } == [[false], [true], [false]])
        #expect(set.objectCount == 2)
        #expect(set.warnings.map(\.kind) == ["dropped-crowd"])
        #expect(try small.load(use: .evaluation).warnings.isEmpty, "scoring leaves nothing out")
    }

    @Test func absentAndEmptyAnnotationsAreRefusedForTraining() throws {
        var small = try SmallSet(imageCount: 2)
        small.dataset.annotations = []
        #expect(throws: DatasetError.self) { try small.load() }
        small.dataset.annotations = nil
        let error = #expect(throws: DatasetError.self) { try small.load() }
        #expect(error?.what == "the file has no \"annotations\"")
        #expect(throws: Never.self) { try small.load(use: .evaluation) }
    }

    @Test func unlistedCategoryIsRefusedForTraining() throws {
        var small = try SmallSet(imageCount: 1)
        small.dataset.annotations?[0].categoryID = .number(4711)
        let error = #expect(throws: DatasetError.self) { try small.load() }
        #expect(error?.what.contains("4711") == true)
        #expect(error?.place.contains("train.json") == true)
        #expect(try small.load(use: .evaluation).objectCount == 0)
    }
}
