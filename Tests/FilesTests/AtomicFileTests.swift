import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Files

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Files appear whole, and failures leave everything as it was.
@Suite struct AtomicFileTests {
    @Test(arguments: [AtomicFile.Durability.synced, .unsynced])
    func fileAppearsOnCommitOnly(durability: AtomicFile.Durability) throws {
        let folder = try TemporaryFolder()
        var file = try AtomicFile(path: folder.path("a.txt"))
        for part in ["one ", "", "two"] { try file.append(bytes(part)) }
        #expect(folder.text("a.txt") == nil)
        #expect(folder.names.allSatisfy { $0.hasPrefix(".a.txt.") })
        try file.append(Data(" three".utf8))
        try file.commit(durability)
        #expect(folder.text("a.txt") == "one two three")
        #expect(folder.names == ["a.txt"])
    }

    @Test func earlierFileStaysUntilTheCommit() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write(bytes("old"), to: folder.path("a"))
        var file = try AtomicFile(path: folder.path("a"))
        try file.append(bytes("new"))
        #expect(folder.text("a") == "old")
        try file.commit()
        #expect(folder.text("a") == "new")
    }

    @Test func fileThatIsNotCommittedIsRemoved() throws {
        let folder = try TemporaryFolder()
        do {
            var file = try AtomicFile(path: folder.path("a"))
            try file.append(bytes("half"))
        }
        #expect(folder.names.isEmpty)
    }

    @Test(arguments: ["no/such/a", "", "here"]) func pathThatCannotBeUsedIsNamed(
        name: String
    ) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("here"), withIntermediateDirectories: true)
        let path = folder.path(name)
        let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: path) }
        #expect(error?.stage == .opening)
        #expect(error?.place == path)
        #expect(folder.names == ["here"])
    }

    @Test func deviceIsNotReplaced() {
        let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: "/dev/full") }
        #expect(error?.what == "this is no regular file, and is not replaced")
    }

    @Test func folderThatTookTheNameMeanwhileStays() throws {
        let folder = try TemporaryFolder()
        let file = try AtomicFile(path: folder.path("a"))
        try FileManager.default.createDirectory(
            atPath: folder.path("a"), withIntermediateDirectories: true)
        var stage: FileError.Stage?
        do throws(FileError) { try file.commit() } catch { stage = error.stage }
        #expect(stage == .writing)
        #expect(folder.names == ["a"])
    }

    /// The longest name that a file can have, in letters of one and of three bytes.
    @Test(arguments: ["x", "한"]) func longestNamesCanBeWritten(letter: String) throws {
        let folder = try TemporaryFolder()
        let name = String(repeating: letter, count: 255 / letter.utf8.count)
        try AtomicFile.write(bytes("long"), to: folder.path(name))
        #expect(folder.text(name) == "long")
    }

    @Test func writersOfOneNameDoNotMixTheirContents() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a")
        let contents = (0..<8).map { String(repeating: "\($0)", count: 50_000) }
        let failures = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: contents.count) { index in
            do { try AtomicFile.write(bytes(contents[index]), to: path) } catch {
                failures.add(1, ordering: .relaxed)
            }
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        #expect(contents.contains(folder.text("a") ?? ""))
        #expect(folder.names == ["a"])
    }
}
