import Annotations
import Imaging
import Tensors
import Testing

@testable import Datasets

@Suite struct AugmenterTests {
    private let size = ImageSize(width: 128, height: 96)

    /// Only red survives, so that the rectangle can be told from padding and picture.
    private func configuration(
        _ change: (inout AugmentationConfiguration) -> Void
    ) -> AugmentationConfiguration {
        var configuration = AugmentationConfiguration.none
        change(&configuration)
        return configuration
    }

    /// The box of the pixels that are more red than not.
    private func measuredBox(_ sample: Sample) -> BoxXYXY? {
        let (width, height) = (sample.size.width, sample.size.height)
        let elements = Tensor(shape: [1, height, width, 3]) {
            SampleRenderer(.plain(width, height)).render(sample, into: $0)
        }.elements
        var box: BoxXYXY?
        for y in 0..<height {
            for x in 0..<width where elements[(y * width + x) * 3] > 0.5 {
                let (column, row) = (Float(x), Float(y))
                let old = box ?? BoxXYXY(x0: column, y0: row, x1: column, y1: row)
                box = BoxXYXY(
                    x0: min(old.x0, column), y0: min(old.y0, row),
                    x1: max(old.x1, column + 1), y1: max(old.y1, row + 1))
            }
        }
        return box
    }

    private static let changes: [@Sendable (inout AugmentationConfiguration) -> Void] = [
        { $0.horizontalFlip = 1 },
        { $0.verticalFlip = 1 },
        { $0.quarterTurn = 1 },
        { $0.scale = [0.3, 2] },
        { $0.translation = 0.4 },
        { $0.aspect = [0.5, 2] },
        { $0.crop = 1 },
        {
            $0.scale = [0.5, 1.5]
            $0.translation = 0.2
            $0.horizontalFlip = 0.5
            $0.quarterTurn = 0.5
        },
    ]

    @Test(arguments: AugmenterTests.changes.indices, 0..<8)
    func boxesFollowPixels(change: Int, seed: Int) throws {
        let augmenter = Augmenter(
            configuration: configuration(Self.changes[change]), size: size)
        var random = RandomGenerator(seed: UInt64(seed), stream: "test")
        let picture = RectanglePicture(rect: PixelRect(x: 30, y: 40, width: 90, height: 60))
        let sample = augmenter.single(picture.layer(), &random)
        let targets = sample.targets(BoxRule())
        guard let expected = targets.boxes.first else { return }
        let measured = try #require(measuredBox(sample))
        for (a, b) in [
            (measured.x0, expected.x0), (measured.y0, expected.y0), (measured.x1, expected.x1),
            (measured.y1, expected.y1),
        ] {
            // A pixel counts when its centre is inside; the edge itself is blended.
            #expect(abs(a - b) <= 1)
        }
    }

    @Test(arguments: 0..<8)
    func turnedBoxesContainTheirPixels(seed: Int) throws {
        let augmenter = Augmenter(
            configuration: configuration {
                $0.rotation = 45
                $0.shear = 20
            }, size: size)
        var random = RandomGenerator(seed: UInt64(seed), stream: "test")
        let picture = RectanglePicture(rect: PixelRect(x: 70, y: 50, width: 60, height: 50))
        let sample = augmenter.single(picture.layer(), &random)
        let box = try #require(sample.targets(BoxRule()).boxes.first)
        let measured = try #require(measuredBox(sample))
        #expect(measured.x0 >= box.x0 - 1 && measured.x1 <= box.x1 + 1)
        #expect(measured.y0 >= box.y0 - 1 && measured.y1 <= box.y1 + 1)
        #expect(measured.x0 - box.x0 < 4 && box.y1 - measured.y1 < 4)
    }

    @Test(arguments: 0..<16)
    func mosaicBoxesLieInsideAndOnTheirPixels(seed: Int) {
        let augmenter = Augmenter(
            configuration: configuration {
                $0.scale = [0.5, 1.5]
                $0.translation = 0.1
                $0.horizontalFlip = 0.5
            }, size: size)
        var random = RandomGenerator(seed: UInt64(seed), stream: "mosaic")
        let layers = [(120, 100), (200, 90), (64, 64), (300, 400)].map { width, height in
            RectanglePicture(
                width: width, height: height,
                rect: PixelRect(x: 10, y: 10, width: width - 20, height: height - 20)
            ).layer()
        }
        let sample = augmenter.mosaic(layers, &random)
        #expect(sample.size == size && sample.layers.count == 4)
        let elements = Tensor(shape: [1, size.height, size.width, 3]) {
            SampleRenderer(.plain(size.width, size.height)).render(sample, into: $0)
        }.elements
        let boxes = sample.targets(BoxRule()).boxes
        #expect(!boxes.isEmpty)
        for box in boxes {
            #expect(box == box.clipped(to: size))
            let (x, y) = (Int((box.x0 + box.x1) / 2), Int((box.y0 + box.y1) / 2))
            #expect(elements[(y * size.width + x) * 3] > 0.9)
        }
    }

    @Test(arguments: 0..<8)
    func mosaicImagesDoNotOverlap(seed: Int) {
        let augmenter = Augmenter(configuration: .none, size: size)
        var random = RandomGenerator(seed: UInt64(seed), stream: "mosaic")
        let layer = RectanglePicture(rect: PixelRect(x: 0, y: 0, width: 200, height: 150)).layer()
        let sample = augmenter.mosaic([layer, layer, layer, layer], &random)
        let areas = sample.layers.map { $0.map(layer.objects[0].box) }
        for first in areas.indices {
            for second in areas.indices where second > first {
                let (a, b) = (areas[first], areas[second])
                let width = min(a.x1, b.x1) - max(a.x0, b.x0)
                let height = min(a.y1, b.y1) - max(a.y0, b.y0)
                #expect(min(width, height) < 1e-3)
            }
        }
    }

    @Test func withoutAugmentationTheImageIsFittedIntoTheMiddle() {
        let augmenter = Augmenter(configuration: .none, size: size)
        var random = RandomGenerator(seed: 0, stream: "none")
        let picture = RectanglePicture(rect: PixelRect(x: 0, y: 0, width: 200, height: 150))
        let sample = augmenter.single(picture.layer(), &random)
        let box = sample.layers[0].map(picture.box)
        #expect(abs(box.y0) < 1e-4 && abs(box.y1 - 96) < 1e-4)
        #expect(abs(box.x0 + box.x1 - 128) < 1e-3)
    }

    @Test func crowdsBecomeIgnoredRegions() {
        let picture = RectanglePicture(rect: PixelRect(x: 30, y: 40, width: 90, height: 60))
        var object = picture.layer().objects[0]
        object.isCrowd = true
        let layer = Sample.Layer(
            imageID: .number(1), pixels: ImagePyramid(picture.image), map: .identity,
            objects: [object])
        let targets = Sample(size: picture.image.size, layers: [layer]).targets(BoxRule())
        #expect(targets.boxes.isEmpty && targets.ignored == [picture.box])
    }

    @Test func outlinesFollowTheSameMap() {
        var random = RandomGenerator(seed: 3, stream: "outline")
        let picture = RectanglePicture(rect: PixelRect(x: 30, y: 40, width: 90, height: 60))
        var object = picture.layer().objects[0]
        object.polygons = [[PixelPoint(x: 30, y: 40), PixelPoint(x: 120, y: 100)]]
        let layer = Sample.Layer(
            imageID: .number(1), pixels: ImagePyramid(picture.image), map: .identity,
            objects: [object])
        let sample = Augmenter(
            configuration: configuration { $0.horizontalFlip = 1 }, size: size
        ).single(layer, &random)
        let targets = sample.targets(BoxRule())
        let outline = targets.polygons[0][0]
        #expect(abs(outline[0].x - Double(targets.boxes[0].x1)) < 1e-3)
        #expect(abs(outline[1].y - Double(targets.boxes[0].y1)) < 1e-3)
    }
}
