import Annotations
import Imaging
import JSONText
import Tensors
import Testing

@testable import Datasets

@Suite struct BatchLoaderTests {
    private func source(
        _ set: DetectionSet, batch: Int = 4, cacheBytes: Int = 1 << 26,
        _ change: (inout AugmentationConfiguration) -> Void = { _ in }
    ) throws -> BatchSource {
        var augmentation = AugmentationConfiguration()
        augmentation.mosaic = 0.5
        change(&augmentation)
        return try BatchSource(
            set: set, options: BatchOptions(batchSize: batch, seed: 7, cacheBytes: cacheBytes),
            preprocessing: .plain(64, 64), augmentation: augmentation)
    }

    private func batches(
        _ source: BatchSource, _ steps: Range<Int>, workers: Int
    ) throws -> [Batch] {
        let loader = BatchLoader(source, steps: steps, workers: workers)
        var batches: [Batch] = []
        while let batch = try loader.next() { batches.append(batch) }
        return batches
    }

    private func expectEqual(_ a: [Batch], _ b: [Batch]) {
        #expect(a.map(\.step) == b.map(\.step))
        for (a, b) in zip(a, b) {
            #expect(a.images.elements == b.images.elements)
            #expect(a.targets.map(\.boxes) == b.targets.map(\.boxes))
            #expect(a.targets.map(\.imageID) == b.targets.map(\.imageID))
            #expect(a.targets.map(\.map) == b.targets.map(\.map))
        }
    }

    @Test(arguments: [1, 2, 3])
    func batchesAreTheSameForAnyNumberOfWorkers(workers: Int) throws {
        let small = try SmallSet(imageCount: 6)
        let set = try small.load()
        let inline = try batches(source(set), 0..<6, workers: 0)
        #expect(inline.count == 6)
        expectEqual(inline, try batches(source(set), 0..<6, workers: workers))
    }

    @Test func resumeGoesOnWhereTheRunWas() throws {
        let small = try SmallSet(imageCount: 5)
        let set = try small.load()
        let whole = try batches(source(set), 0..<6, workers: 1)
        expectEqual(Array(whole[4...]), try batches(source(set), 4..<6, workers: 1))
    }

    @Test func cacheChangesNothing() throws {
        let small = try SmallSet(imageCount: 4)
        let set = try small.load()
        let (cached, uncached) = (try source(set), try source(set, cacheBytes: 0))
        expectEqual(
            try batches(cached, 0..<5, workers: 0), try batches(uncached, 0..<5, workers: 0))
        #expect(cached.cachedBytes > 0 && uncached.cachedBytes == 0)
    }

    @Test func smallSetRepeatsWithinABatchAndSaysSo() throws {
        let small = try SmallSet(imageCount: 1)
        let source = try source(try small.load())
        #expect(source.stepsPerEpoch == 1)
        #expect(source.warnings.map(\.kind) == ["small-set"])
        let batch = try source.batch(at: 0)
        #expect(batch.images.shape == [4, 64, 64, 3])
        #expect(batch.targets.map(\.imageID) == Array(repeating: .number(1), count: 4))
    }

    @Test func epochIsRoundedUp() throws {
        let small = try SmallSet(imageCount: 9)
        let source = try source(try small.load())
        #expect(source.stepsPerEpoch == 3)
        #expect(source.warnings.isEmpty)
    }

    @Test func undecodableImageIsReplacedAndNamed() throws {
        let small = try SmallSet(imageCount: 24)
        let set = try small.load()
        try small.folder.write("no image any more", "3.png")
        let source = try source(set)
        let ids = try batches(source, 0..<6, workers: 2).flatMap { $0.targets.map(\.imageID) }
        #expect(ids.count == 24 && !ids.contains(.number(4)))
        let warnings = source.takeWarnings()
        #expect(warnings.map(\.kind) == ["image-undecodable"])
        #expect(warnings.first?.place.hasSuffix("3.png") == true)
        #expect(source.takeWarnings().isEmpty)
    }

    @Test func undecodableImageStopsWhenAskedTo() throws {
        let small = try SmallSet(imageCount: 24)
        let set = try small.load(.stop)
        try small.folder.write("no image any more", "3.png")
        let error = #expect(throws: DatasetError.self) {
            _ = try batches(source(set), 0..<6, workers: 1)
        }
        #expect(error?.place.hasSuffix("3.png") == true)
    }

    @Test func tooManyUndecodableImagesAreRefusedByName() throws {
        let small = try SmallSet(imageCount: 24)
        let set = try small.load()
        for index in 0..<2 { try small.folder.write("no image", "\(index).png") }
        let error = #expect(throws: DatasetError.self) {
            _ = try batches(source(set), 0..<6, workers: 0)
        }
        #expect(error?.what.contains("2 of 24 images") == true)
        #expect(error?.what.contains("0.png") == true)
        #expect(error?.place == "train.json")
    }

    @Test func multiScaleGivesOneSizeABatch() throws {
        let small = try SmallSet(imageCount: 4)
        let source = try source(try small.load()) { $0.multiScale = [64, 96] }
        let shapes = Set(try (0..<8).map { try source.batch(at: $0).images.shape })
        #expect(shapes == [[4, 64, 64, 3], [4, 96, 96, 3]])
    }

    @Test func settingsOutOfRangeAreRefused() throws {
        let small = try SmallSet(imageCount: 1)
        let set = try small.load()
        #expect(throws: DatasetError.self) { try source(set, batch: 0) }
        #expect(throws: DatasetError.self) { try source(set) { $0.hue = 2 } }
    }
}
