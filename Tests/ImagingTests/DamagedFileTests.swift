import Foundation
import Imaging
import Testing

/// Pictures and numbers that tests make for themselves.
enum Sample {
    /// A smooth picture with a few edges, different in every channel.
    static func image(width: Int, height: Int, channels: Int) -> Image {
        Image(
            width: width, height: height, channels: channels,
            bytes: samples(width, height, channels))
    }

    private static func samples(_ width: Int, _ height: Int, _ channels: Int) -> [UInt8] {
        (0..<width * height * channels).map { index in
            let channel = index % channels
            let x = Double(index / channels % width)
            let y = Double(index / channels / width)
            let wave = 90 * sin(x / 7 + Double(channel)) + 60 * cos(y / 5 - Double(channel) * 0.7)
            return UInt8(min(max(127 + wave, 0), 255))
        }
    }

    /// Numbers without order that are the same in every run.
    static func numbers(_ count: Int, seed: UInt64) -> [UInt64] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}

@Suite struct DamagedFileTests {
    static let formats: [ImageEncoder.Format] = [.png(level: 6), .jpeg(quality: 60)]

    @Test(arguments: formats) func everyTruncationIsAnError(format: ImageEncoder.Format) throws {
        let whole = try ImageEncoder.encode(
            Sample.image(width: 40, height: 30, channels: 3), format)
        for length in 0..<whole.count {
            #expect(throws: ImageError.self) {
                try ImageDecoder.decode(bytes: Array(whole.prefix(length)), name: "cut")
            }
            _ = try? ImageDecoder.decode(
                bytes: Array(whole.prefix(length)), name: "cut", mode: .lenient)
        }
    }

    @Test(arguments: formats, [DecodeMode.strict, .lenient])
    func damageNeverTrapsAndIsJudgedAlike(format: ImageEncoder.Format, mode: DecodeMode) throws {
        let whole = try ImageEncoder.encode(
            Sample.image(width: 40, height: 30, channels: 3), format)
        for number in Sample.numbers(600, seed: 7) {
            var damaged = whole
            damaged[Int(number) % whole.count] = UInt8(truncatingIfNeeded: number >> 12)
            damaged[Int(number >> 5) % whole.count] = UInt8(truncatingIfNeeded: number >> 20)
            let outcomes = (0..<2).map { _ in
                Result { () throws(ImageError) -> Image in
                    try ImageDecoder.decode(bytes: damaged, name: "damaged", mode: mode).image
                }
            }
            #expect(outcomes[0] == outcomes[1])
        }
    }

    /// A progressive grey picture of 8000 x 8000 whose scans of 96 bytes each pass over all blocks.
    private static func manyScans(_ count: Int) -> [UInt8] {
        func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
            [0xFF, marker, 0, UInt8(content.count + 2)] + content
        }
        func table(_ kind: UInt8, symbol: UInt8) -> [UInt8] {
            segment(0xC4, [kind, 1] + [UInt8](repeating: 0, count: 15) + [symbol])
        }
        let side: [UInt8] = [0x1F, 0x40]
        var file: [UInt8] = [0xFF, 0xD8]
        file += segment(0xDB, [0] + [UInt8](repeating: 1, count: 64))
        file += segment(0xC2, [8] + side + side + [1, 1, 0x11, 0])
        // One bit a block: no difference to the block before.
        file += table(0x00, symbol: 0) + segment(0xDA, [1, 1, 0, 0, 0, 0])
        file += [UInt8](repeating: 0, count: 125_000)
        // The end of up to 32767 blocks in fifteen bits.
        let run: [UInt8] = [0x7F, 0xFE]
        file += table(0x10, symbol: 0xE0)
        for _ in 0..<count {
            file += segment(0xDA, [1, 1, 0, 1, 63, 0])
            file += (0..<48).flatMap { _ in run }
        }
        return file + [0xFF, 0xD9]
    }

    @Test func scansWithoutEndAreTooLarge() throws {
        let few = try ImageDecoder.decode(
            bytes: Self.manyScans(2), name: "few scans", mode: .lenient)
        #expect(few.image.width == 8000)
        let error = #expect(throws: ImageError.self) {
            try ImageDecoder.decode(bytes: Self.manyScans(60), name: "many scans", mode: .lenient)
        }
        #expect(error?.kind == .tooLarge)
    }

    @Test func foldersAndMissingFilesAreUnreadable() {
        for path in ["/", "/nowhere/at/all.png"] {
            let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(path: path) }
            #expect(error?.kind == .unreadable)
            #expect(error?.place == path)
        }
    }

    @Test(arguments: [0xDE, 0xDF, 0xF7, 0xF8] as [UInt8])
    func markersOfOtherProcessesAreUnsupported(marker: UInt8) throws {
        let whole = try ImageEncoder.encode(
            Sample.image(width: 16, height: 8, channels: 3), .jpeg(quality: 60))
        let marked = whole.prefix(2) + [0xFF, marker, 0, 3, 0x11] + whole.dropFirst(2)
        let error = #expect(throws: ImageError.self) {
            try ImageDecoder.decode(bytes: Array(marked), name: "marked")
        }
        #expect(error?.kind == .unsupported)
    }

    @Test func hugeFileIsRefusedUnread() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "huge-\(UUID().uuidString).jpg").path()
        let start = Data([0xFF, 0xD8, 0xFF, 0xE0])
        #expect(FileManager.default.createFile(atPath: path, contents: start))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(truncate(path, 1 << 31) == 0)  // a hole, which takes no space
        let decoding = #expect(throws: ImageError.self) { try ImageDecoder.decode(path: path) }
        let reading = #expect(throws: ImageError.self) { try ImageDecoder.header(path: path) }
        #expect(decoding?.kind == .tooLarge && reading?.kind == .tooLarge)
    }
}
