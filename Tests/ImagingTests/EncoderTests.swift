import Foundation
import Imaging
import Testing

@Suite struct EncoderTests {
    @Test(arguments: 1...4, [0, 6, 9]) func pngKeepsEveryByte(channels: Int, level: Int) throws {
        let image = Sample.image(width: 21, height: 13, channels: channels)
        let bytes = try ImageEncoder.encode(image, .png(level: level))
        #expect(try ImageDecoder.decode(bytes: bytes, name: "png").image == image)
    }

    @Test(arguments: 1...4) func pngKeepsSixteenBits(channels: Int) throws {
        let words = Sample.numbers(15 * 11 * channels, seed: 3).map { UInt16($0 & 0xFFFF) }
        let image = Image(width: 15, height: 11, channels: channels, storage: .words(words))
        let bytes = try ImageEncoder.encode(image, .png())
        #expect(try ImageDecoder.decode(bytes: bytes, name: "png").image == image)
    }

    @Test func indexedPNGShowsItsColors() throws {
        let classes = Image(width: 3, height: 1, channels: 1, bytes: [0, 2, 9])
        let colors = [RGBColor(1, 2, 3), .black, RGBColor(7, 8, 9)]
        let bytes = try ImageEncoder.encodeIndexed(classes, palette: colors)
        let decoded = try ImageDecoder.decode(bytes: bytes, name: "indexed").image
        #expect(decoded.bytes == [1, 2, 3, 7, 8, 9, 7, 8, 9])
    }

    @Test(arguments: [1, 3], [50, 95]) func jpegStaysClose(channels: Int, quality: Int) throws {
        let image = Sample.image(width: 50, height: 41, channels: channels)
        let bytes = try ImageEncoder.encode(image, .jpeg(quality: quality))
        let decoded = try ImageDecoder.decode(bytes: bytes, name: "jpeg").image
        #expect(decoded.size == image.size && decoded.channels == channels)
        let errors = zip(decoded.bytes, image.bytes).map { abs(Double($0) - Double($1)) }
        #expect(errors.reduce(0, +) / Double(errors.count) < (quality == 95 ? 1.5 : 8))
    }

    @Test func sameImageGivesTheSameBytes() throws {
        let image = Sample.image(width: 64, height: 48, channels: 3)
        for format in [ImageEncoder.Format.png(), .jpeg()] {
            #expect(
                try ImageEncoder.encode(image, format) == ImageEncoder.encode(image, format))
        }
    }

    @Test func largeJPEGComesReduced() throws {
        let image = Sample.image(width: 400, height: 300, channels: 3)
        let bytes = try ImageEncoder.encode(image, .jpeg())
        for (minimum, width) in [(400, 400), (101, 200), (100, 100), (50, 50), (3, 50)] {
            let decoded = try ImageDecoder.decode(
                bytes: bytes, name: "large",
                minimumSize: ImageSize(width: minimum, height: minimum * 3 / 4))
            #expect(decoded.image.width == width && decoded.fullSize == image.size)
        }
    }

    @Test func aFileIsReplacedWholeAndNothingIsLeft() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "encoder-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "a.png").path()
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
        let image = Sample.image(width: 5, height: 5, channels: 3)
        try ImageEncoder.write(image, to: path, .png())
        #expect(try ImageDecoder.decode(path: path).image == image)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path()) == ["a.png"])
        let error = #expect(throws: ImageError.self) {
            try ImageEncoder.write(image, to: folder.appending(path: "none/a").path(), .png())
        }
        #expect(error?.kind == .unwritable)
    }
}
