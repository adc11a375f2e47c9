import Foundation
import TestSupport
import Testing

/// What is on the disk after a write that could not be finished.
@Suite struct DiskFullTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func convert(_ golden: String, fileBlocks: Int? = nil) throws -> CommandRun {
        try CommandRun(
            [
                "checkpoint", "convert", "Tests/Goldens/" + golden, "--output",
                folder.path("weights.safetensors"),
            ], fileBlocks: fileBlocks)
    }

    @Test func nothingIsLeftOfAFileThatDoesNotFit() throws {
        let run = try convert("backbones/van_tiny/weights.safetensors", fileBlocks: 16)
        #expect(run.code == 1, "\(run.error)")
        #expect(
            run.error == """
                error: the file cannot be written: File too large
                  in \(folder.path("weights.safetensors"))
                  fix: check that the disk has room and is in order

                """)
        #expect(folder.names.isEmpty)
    }

    @Test func earlierFileStaysWhenTheNewOneDoesNotFit() throws {
        #expect(try convert("backbones/piece_van_lka/weights.safetensors").code == 0)
        let path = folder.path("weights.safetensors")
        let before = FileManager.default.contents(atPath: path)
        let run = try convert("backbones/van_tiny/weights.safetensors", fileBlocks: 16)
        #expect(run.code == 1, "\(run.error)")
        #expect(before != nil && FileManager.default.contents(atPath: path) == before)
        #expect(folder.names == ["weights.safetensors"])
    }

    @Test func folderThatIsMissingIsRefused() throws {
        let run = try CommandRun([
            "checkpoint", "convert", "Tests/Goldens/backbones/van_tiny/weights.safetensors",
            "--output", folder.path("none/w.safetensors"),
        ])
        #expect(run.code == 2, "\(run.error)")
        #expect(run.error.contains("none/w.safetensors"))
    }
}
