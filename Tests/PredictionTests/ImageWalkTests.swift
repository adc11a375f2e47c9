import Foundation
import Imaging
import Testing

@testable import Prediction

@Suite struct ImageWalkTests {
    private let root = FileManager.default.temporaryDirectory
        .appendingPathComponent("walk-\(UUID().uuidString)").path

    private func put(_ names: [String]) throws {
        let picture = Image(width: 2, height: 2, color: .white)
        for name in names {
            let path = root + "/" + name
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            try ImageEncoder.write(picture, to: path, .png())
        }
    }

    private func names(_ isRecursive: Bool = false) throws -> [String] {
        try ImageWalk.images(in: [root], isRecursive: isRecursive).map(\.name)
    }

    @Test func numbersSortByValue() {
        let names = ["a10.png", "a9.png", "a010.png", "b1.png", "A1.png", "a1.png", "a.png"]
        #expect(
            names.sorted(by: NaturalOrder.precedes)
                == ["A1.png", "a.png", "a1.png", "a9.png", "a010.png", "a10.png", "b1.png"])
    }

    @Test func hiddenAndForeignFilesArePassedOver() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try put(["2.png", "10.png", ".hidden.png", "__MACOSX/x.png", "inner/3.png", "noending"])
        try Data("text".utf8).write(to: URL(fileURLWithPath: root + "/notes.txt"))
        try Data("page".utf8).write(to: URL(fileURLWithPath: root + "/page.JPG"))
        #expect(try names() == ["2.png", "10.png", "noending", "page.JPG"])
        #expect(try names(true) == ["2.png", "10.png", "inner/3.png", "noending", "page.JPG"])
    }

    @Test func aLinkThatLeadsBackEndsTheWalk() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try put(["a.png", "inner/b.png"])
        try FileManager.default.createSymbolicLink(
            atPath: root + "/inner/loop", withDestinationPath: root)
        #expect(try names(true) == ["a.png", "inner/b.png"])
    }

    @Test func aLinkToAMissingPictureIsListed() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try put(["a.png"])
        for name in ["gone.jpg", "gone"] {
            try FileManager.default.createSymbolicLink(
                atPath: root + "/" + name, withDestinationPath: root + "/nowhere")
        }
        #expect(try names() == ["a.png", "gone.jpg"])
    }

    @Test func namesThatOnlyLookAlikeAreTwo() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try put(["e\u{301}.png", "\u{E9}.png"])
        #expect(try names().map { Array($0.unicodeScalars).count } == [6, 5])
    }

    @Test func equalNamesOfTwoInputsStayApart() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try put(["one/a.png", "two/a.png"])
        let found = try ImageWalk.images(
            in: [root + "/one", root + "/two"], isRecursive: false)
        #expect(found.map(\.name) == ["a.png", "2/a.png"])
    }

    @Test func anEmptyFolderAndAMissingFileAreRefused() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        #expect(throws: WorkError.self) { try names() }
        #expect(throws: WorkError.self) {
            try ImageWalk.images(in: [root + "/absent.png"], isRecursive: false)
        }
    }
}
