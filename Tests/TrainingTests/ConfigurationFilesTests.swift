import Catalogue
import Foundation
import Layers
import TestSupport
import Testing
import Training

/// The configurations that come with the package.
@Suite struct ConfigurationFilesTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Configs/detect").path

    static let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []

    @Test func thereAreSome() { #expect(!Self.files.isEmpty) }

    @Test(arguments: files) func everyDetectorIsBuilt(file: String) throws {
        let run = try RunConfiguration(path: Self.folder + "/" + file, overrides: [])
        let detector = try Detector(run.model, classCount: 3, seed: 0)
        try detector.checkTrainingBatch(run.settings.training.batchSize)
        #expect(detector.strides.count >= 3)
    }

    @Test func tooSmallABatchIsRefused() throws {
        let path = Self.folder + "/bevanet_s_atss_bccd.json"
        let run = try RunConfiguration(path: path, overrides: [])
        let detector = try Detector(run.model, classCount: 3, seed: 0)
        let error = #expect(throws: (any Error).self) { try detector.checkTrainingBatch(1) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("training.batch_size"))
        let keeping = try Detector(run.model, classCount: 3, seed: 0, normEval: true)
        try keeping.checkTrainingBatch(1)
    }
}
