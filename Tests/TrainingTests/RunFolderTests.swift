import Foundation
import Prediction
import Testing

@testable import Training

@Suite struct RunFolderTests {
    private let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("run-\(UUID().uuidString)").path

    @Test func aNewFolderGetsItsParts() throws {
        let folder = RunFolder(path: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try folder.prepare(.refuse)
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        #expect(names == ["eval", "samples", "state", "weights"])
    }

    @Test func anExistingFolderIsRefusedAndLeftAlone() throws {
        let folder = RunFolder(path: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try folder.prepare(.refuse)
        try folder.write("{}", to: folder.configuration)
        let error = #expect(throws: WorkError.self) { try folder.check(.refuse) }
        #expect(error?.fix.contains("--resume") == true)
        #expect(try String(contentsOfFile: folder.configuration, encoding: .utf8) == "{}")
    }

    @Test func overwritingRemovesWhatARunWroteOnly() throws {
        let folder = RunFolder(path: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try folder.prepare(.refuse)
        try folder.write("{}", to: folder.configuration)
        try folder.append("line", to: folder.metrics)
        try folder.write("mine", to: path + "/notes.txt")
        try folder.prepare(.overwrite)
        #expect(!FileManager.default.fileExists(atPath: folder.metrics))
        #expect(FileManager.default.fileExists(atPath: path + "/notes.txt"))
    }

    @Test func aFolderThatIsNoRunIsNotOverwritten() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = RunFolder(path: path)
        try folder.write("mine", to: path + "/notes.txt")
        #expect(throws: WorkError.self) { try folder.check(.overwrite) }
    }

    @Test func thereMustBeAStateToResume() {
        #expect(throws: WorkError.self) { try RunFolder(path: path).check(.resume) }
    }
}
