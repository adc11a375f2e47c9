import Imaging
import Testing

@testable import Datasets

@Suite struct ImagePyramidTests {
    private func noise(_ width: Int, _ height: Int, channels: Int = 3) -> Image {
        Image(
            width: width, height: height, channels: channels,
            bytes: (0..<width * height * channels).map {
                UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 9)
            })
    }

    private func pixel(_ raster: Raster, _ x: Int, _ y: Int) -> [UInt8] {
        let start = (y + 1) * raster.stride + (x + 1) * 3
        return Array(raster.bytes[start..<start + 3])
    }

    @Test(arguments: [(1, 1), (2, 3), (33, 40), (64, 64)])
    func borderRepeatsTheNearestPixel(width: Int, height: Int) {
        let image = noise(width, height)
        let raster = Raster(image)
        for y in -1...height {
            for x in -1...width {
                let start =
                    (min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1)) * 3
                #expect(pixel(raster, x, y) == Array(image.bytes[start..<start + 3]))
            }
        }
    }

    @Test(arguments: [(5, 4), (4, 5), (7, 7), (1, 9)])
    func halvesAverageAndRepeatTheOddLast(width: Int, height: Int) {
        let image = noise(width, height)
        let half = Raster(image).halved
        #expect(half.width == (width + 1) / 2 && half.height == (height + 1) / 2)
        for y in 0..<half.height {
            for x in 0..<half.width {
                for channel in 0..<3 {
                    var sum = 2
                    for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        let sourceRow = min(2 * y + row, height - 1)
                        let sourceColumn = min(2 * x + column, width - 1)
                        sum += Int(
                            image.bytes[(sourceRow * width + sourceColumn) * 3 + channel])
                    }
                    #expect(pixel(half, x, y)[channel] == UInt8(sum / 4))
                }
            }
        }
    }

    @Test func levelIsTheCoarsestThatIsFineEnough() {
        let pyramid = ImagePyramid(noise(256, 128))
        #expect(pyramid.levels.map(\.reduction) == [1, 2, 4, 8])
        for (scale, reduction) in [(3.0, 1), (1, 1), (0.51, 1), (0.5, 2), (0.2, 4), (0.01, 8)] {
            #expect(pyramid.level(for: scale).reduction == reduction)
        }
    }

    @Test func finerLevelsThanNeededAreNotKept() {
        let pyramid = ImagePyramid(noise(256, 128), reduction: 4)
        #expect(pyramid.levels.map(\.reduction) == [4, 8])
        #expect(pyramid.originalSize == ImageSize(width: 256, height: 128))
    }

    @Test(arguments: [(1, 256, 100), (2, 128, 50), (4, 64, 25), (8, 32, 13)])
    func decodersReductionIsRecognised(reduction: Int, width: Int, height: Int) {
        let pyramid = ImagePyramid(
            noise(width, height), originalSize: ImageSize(width: 256, height: 100))
        #expect(pyramid.levels[0].reduction == reduction)
    }

    @Test func meanIsThatOfTheSamples() {
        let image = Image(width: 40, height: 40, color: RGBColor(30, 60, 90))
        #expect(ImagePyramid(image).mean == 60)
    }

    @Test func greyIsSpreadOverTheChannels() {
        let raster = ImagePyramid(noise(20, 20, channels: 1)).levels[0].raster
        let first = pixel(raster, 3, 4)
        #expect(first[0] == first[1] && first[1] == first[2])
    }
}
