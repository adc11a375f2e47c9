import Imaging
import Tensors
import Testing

@testable import Datasets

@Suite struct SampleRendererTests {
    /// A picture whose samples are linear in x and y, so that bilinear sampling is exact.
    private let ramp: Image = {
        let (width, height) = (60, 40)
        var bytes: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { bytes += [UInt8(4 * x), UInt8(6 * y), UInt8(2 * x + 3 * y)] }
        }
        return Image(width: width, height: height, channels: 3, bytes: bytes)
    }()

    private func render(_ image: Image, _ map: AffineMap, _ size: ImageSize) -> [Float] {
        Preprocessing.plain(size.width, size.height)
            .input(ImagePyramid(image), map: map, size: size).elements
    }

    @Test(arguments: [
        AffineMap.identity,
        .shift(x: -3.25, y: 7.5),
        .scale(x: -1, y: 1, dx: 60),
        .scale(x: 1.7, y: 2.3, dx: -20, dy: 4),
        AffineMap.shift(x: -30, y: -20).then(.rotation(0.6)).then(.shift(x: 35, y: 30)),
        AffineMap.shift(x: -30, y: -20).then(.rotation(2.5)).then(.shift(x: 35, y: 30)),
        AffineMap(xx: 1.1, xy: 0.4, dx: -3, yx: -0.2, yy: 0.9, dy: 8),
    ])
    func pixelsComeFromWhereTheMapSays(map: AffineMap) throws {
        let size = ImageSize(width: 70, height: 60)
        let result = render(ramp, map, size)
        let back = try #require(map.inverse)
        for y in 0..<size.height {
            for x in 0..<size.width {
                let source = back(PixelPoint(x: Double(x) + 0.5, y: Double(y) + 0.5))
                let pixel = (y * size.width + x) * 3
                let isInside =
                    (0.5..<59.5).contains(source.x) && (0.5..<39.5).contains(source.y)
                let isOutside =
                    source.x < -1e-6 || source.x > 60 + 1e-6 || source.y < -1e-6
                    || source.y > 40 + 1e-6
                if isInside {
                    // Weights are rounded down to 1/64 of a step of 4 or 6 samples.
                    let expected = [4 * (source.x - 0.5), 6 * (source.y - 0.5)]
                    #expect(abs(Double(result[pixel]) * 255 - expected[0]) < 0.07)
                    #expect(abs(Double(result[pixel + 1]) * 255 - expected[1]) < 0.1)
                } else if isOutside {
                    #expect(result[pixel..<pixel + 3].allSatisfy { $0 == 0 })
                }
            }
        }
    }

    @Test func identityCopiesSampleBySample() {
        let result = render(ramp, .identity, ramp.size)
        for (sample, expected) in zip(result, ramp.bytes) {
            #expect(abs(sample * 255 - Float(expected)) < 1e-3)
        }
    }

    @Test func flipsTwiceAreTheIdentity() {
        let flip = AffineMap.scale(x: -1, y: -1, dx: 60, dy: 40)
        #expect(render(ramp, flip.then(flip), ramp.size) == render(ramp, .identity, ramp.size))
    }

    @Test func reductionByFourAveragesSixteenPixels() {
        var canvas = Canvas(Image(width: 64, height: 64, color: .black))
        for y in stride(from: 0, to: 64, by: 2) {
            canvas.fill(PixelRect(x: 0, y: y, width: 64, height: 1), .white)
        }
        let result = render(
            canvas.image, .scale(x: 0.25, y: 0.25), ImageSize(width: 16, height: 16))
        #expect(result.allSatisfy { abs($0 - 0.5) < 0.01 })
    }

    @Test func oneRowOfPixelsIsDrawn() {
        let line = Image(width: 300, height: 1, color: .white)
        let result = render(line, .scale(x: 0.1, y: 4), ImageSize(width: 30, height: 4))
        #expect(result.allSatisfy { abs($0 - 1) < 1e-4 })
    }

    @Test func flattenedImageLeavesPaddingOnly() {
        let result = render(ramp, .scale(x: 0, y: 1), ImageSize(width: 8, height: 8))
        #expect(result.allSatisfy { $0 == 0 })
    }
}
