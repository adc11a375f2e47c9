import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

@testable import Datasets

@Suite struct PreprocessingTests {
    private func preprocessing(_ change: (inout Preprocessing) -> Void) -> Preprocessing {
        var preprocessing = Preprocessing()
        change(&preprocessing)
        return preprocessing
    }

    @Test(arguments: [
        (ImageSize(width: 640, height: 480), ImageSize(width: 640, height: 480)),
        (ImageSize(width: 1920, height: 1080), ImageSize(width: 640, height: 384)),
        (ImageSize(width: 100, height: 300), ImageSize(width: 224, height: 640)),
        (ImageSize(width: 1, height: 1), ImageSize(width: 640, height: 640)),
        (ImageSize(width: 300, height: 1), ImageSize(width: 640, height: 32)),
    ])
    func rectangleIsRoundedUpToTheStride(size: ImageSize, expected: ImageSize) {
        let placement = Preprocessing().placement(of: size)
        #expect(placement.inputSize == expected)
        let corner = placement.map(
            PixelPoint(x: Double(size.width), y: Double(size.height)))
        #expect(abs(corner.x - Double(placement.validSize.width)) < 1e-9)
        #expect(abs(corner.y - Double(placement.validSize.height)) < 1e-9)
    }

    @Test func fixedRuleKeepsTheWholeSize() {
        let placement = preprocessing { $0.sizeRule = .fixed }
            .placement(of: ImageSize(width: 320, height: 100))
        #expect(placement.inputSize == ImageSize(width: 640, height: 640))
        #expect(placement.validSize == ImageSize(width: 640, height: 200))
    }

    @Test func smallImagesStayWhenEnlargingIsOff() {
        let preprocessing = preprocessing { $0.enlarging = .never }
        let placement = preprocessing.placement(of: ImageSize(width: 100, height: 70))
        #expect(placement.map == .identity)
        #expect(placement.inputSize == ImageSize(width: 128, height: 96))
        let large = preprocessing.placement(of: ImageSize(width: 1280, height: 70))
        #expect(large.map.xx == 0.5)
    }

    @Test func boxesComeBackToOriginalPixels() {
        let image = Image(width: 1000, height: 500, color: .white)
        let input = Preprocessing().input(ImagePyramid(image))
        let box = BoxXYXY(x0: 100, y0: 50, x1: 900, y1: 480)
        let back = input.original(input.placement.map(box))
        #expect(abs(back.x0 - 100) < 1e-3 && abs(back.y1 - 480) < 1e-3)
        let beyond = input.original(BoxXYXY(x0: -10, y0: 0, x1: 700, y1: 10))
        #expect(beyond.x0 == 0 && beyond.x1 == 1000)
    }

    @Test func normalisationFollowsMeanAndDeviation() {
        let image = Image(width: 32, height: 32, color: RGBColor(255, 0, 51))
        let preprocessing = preprocessing { ($0.width, $0.height) = (32, 32) }
        let pixel = preprocessing.input(ImagePyramid(image)).input.elements.prefix(3)
        let expected: [Float] = [
            (1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225,
        ]
        #expect(zip(pixel, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func blueCanComeFirst() {
        let image = Image(width: 32, height: 32, color: RGBColor(255, 0, 51))
        var preprocessing = Preprocessing.plain(32, 32)
        preprocessing.colorOrder = .bgr
        let input = preprocessing.input(ImagePyramid(image)).input
        #expect(zip(input.elements.prefix(3), [0.2, 0, 1]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(preprocessing.picture(of: input, at: 0) == image)
    }

    @Test func sixteenBitsAreShownThroughTheWindow() {
        let image = Image(
            width: 2, height: 2, channels: 1, storage: .words([1000, 1500, 2000, 65_535]))
        var preprocessing = Preprocessing.plain(32, 32)
        preprocessing.windowLow = 1000
        preprocessing.windowHigh = 2000
        let pixels = ImagePyramid(image, window: preprocessing.window)
        let input = preprocessing.input(
            pixels, map: .identity, size: ImageSize(width: 2, height: 2))
        let reds = [0, 3, 6, 9].map { input.elements[$0] * 255 }
        #expect(zip(reds, [0, 128, 255, 255]).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test func largeJPEGGivesTheSameInputAsItsPixels() throws {
        let folder = try TemporaryFolder()
        var canvas = Canvas(Image(width: 1200, height: 900, color: RGBColor(40, 90, 160)))
        canvas.fill(PixelRect(x: 300, y: 200, width: 500, height: 400), RGBColor(200, 60, 30))
        let path = folder.path + "/large.jpg"
        try ImageEncoder.write(canvas.image, to: path, .jpeg(quality: 95))
        let preprocessing = Preprocessing.plain(320, 320)
        let fromFile = try preprocessing.input(path: path)
        let fromPixels = preprocessing.input(ImagePyramid(canvas.image))
        #expect(fromFile.placement == fromPixels.placement)
        let differences = zip(fromFile.input.elements, fromPixels.input.elements)
            .map { abs($0 - $1) }
        #expect(differences.reduce(0, +) / Float(differences.count) < 0.01)
    }

    @Test func everyFieldHasARange() {
        let changes: [(String, (inout Preprocessing) -> Void)] = [
            ("height", { $0.height = 100 }), ("width", { $0.width = 0 }),
            ("stride", { $0.stride = 0 }), ("pad_value", { $0.padValue = 300 }),
            ("mean", { $0.mean = [1] }), ("std", { $0.std = [1, 0, 1] }),
            ("window_low", { $0.windowLow = -1 }), ("window_high", { $0.windowHigh = 0 }),
        ]
        for (field, change) in changes {
            let error = #expect(throws: DatasetError.self) {
                try preprocessing(change).validate()
            }
            #expect(error?.place == field)
        }
        #expect(throws: Never.self) { try Preprocessing().validate() }
    }

    @Test func survivesJSON() throws {
        let changed = preprocessing {
            $0.sizeRule = .fixed
            $0.std = [0.1, 0.2, 0.3]
        }
        let data = try JSONEncoder().encode(changed)
        #expect(try JSONDecoder().decode(Preprocessing.self, from: data) == changed)
    }
}
