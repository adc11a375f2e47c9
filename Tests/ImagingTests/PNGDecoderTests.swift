import Imaging
import Testing

/// A PNG file as a list of chunks, to be put together in ways that no encoder would choose.
private struct PNGFile {
    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    static let size = ImageSize(width: 12, height: 7)

    var header = chunk("IHDR", content: header(size))
    var data: [UInt8]
    let end = chunk("IEND", content: [])

    /// A picture without any chunk but the three that it needs.
    init() throws {
        let picture = Sample.image(
            width: Self.size.width, height: Self.size.height, channels: 3)
        data = Array(try ImageEncoder.encode(picture, .png(level: 6))[33...].dropLast(12))
    }

    /// The file with other chunks before IHDR, before the data and behind it.
    func bytes(
        first: [UInt8] = [], before: [UInt8] = [], behind: [UInt8] = []
    ) -> [UInt8] {
        Self.signature + first + header + before + data + behind + end
    }

    static func header(_ size: ImageSize) -> [UInt8] {
        long(UInt32(size.width)) + long(UInt32(size.height)) + [8, 2, 0, 0, 0]
    }

    static func chunk(_ name: String, content: [UInt8], isDamaged: Bool = false) -> [UInt8] {
        let checked = Array(name.utf8) + content
        let sum = checksum(checked) ^ (isDamaged ? 1 : 0)
        return long(UInt32(content.count)) + checked + long(sum)
    }

    private static func long(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }

    /// The CRC of PNG's annex D, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in
                sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1
            }
        }
    }
}

@Suite struct PNGDecoderTests {
    private static let quarterTurn: [UInt8] =
        [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1] + [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]

    private func kind(_ bytes: [UInt8], mode: DecodeMode = .strict) -> ImageError.Kind? {
        do {
            _ = try ImageDecoder.decode(bytes: bytes, name: "made", mode: mode)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test(arguments: ["tEXt", "zTXt", "iTXt", "iCCP", "sPLT", "gAMA"])
    func knownChunkBeforeTheHeaderIsCorrupt(name: String) throws {
        let file = try PNGFile()
        let early = PNGFile.chunk(name, content: [0x61, 0, 0, 0])
        #expect(kind(file.bytes()) == nil)
        #expect(kind(file.bytes(first: early)) == .corrupt)
    }

    @Test func privateChunkBeforeTheHeaderHidesNeitherOrientationNorLimit() throws {
        var file = try PNGFile()
        let early = PNGFile.chunk("prVt", content: [1])
        let exif = PNGFile.chunk("eXIf", content: Self.quarterTurn)
        let turned = try ImageDecoder.decode(
            bytes: file.bytes(first: early, before: exif), name: "made")
        #expect(turned.image.width == PNGFile.size.height)
        let lie = ImageSize(width: Int(Int32.max), height: 1)
        file.header = PNGFile.chunk("IHDR", content: PNGFile.header(lie))
        #expect(kind(file.bytes(first: early)) == .tooLarge)
    }

    @Test func unknownCriticalChunkIsUnsupportedWhereverItStands() throws {
        let file = try PNGFile()
        let unknown = PNGFile.chunk("ABCD", content: [1, 2])
        #expect(kind(file.bytes(first: unknown)) == .unsupported)
        #expect(kind(file.bytes(before: unknown)) == .unsupported)
        #expect(kind(file.bytes(behind: unknown)) == .unsupported)
        #expect(kind(file.bytes(behind: unknown), mode: .lenient) == nil)
        #expect(kind(file.bytes() + unknown) == nil)
    }

    @Test func firstOfTwoFaultsBehindThePictureDecides() throws {
        let file = try PNGFile()
        let unknown = PNGFile.chunk("ABCD", content: [1, 2])
        let damaged = PNGFile.chunk("ABCD", content: [1, 2], isDamaged: true)
        #expect(kind(file.bytes(behind: damaged)) == .corrupt)
        #expect(kind(file.bytes(behind: file.header + unknown)) == .corrupt)
        #expect(kind(Array(file.bytes(behind: unknown).dropLast(12))) == .unsupported)
        #expect(kind(Array(file.bytes(behind: unknown).dropLast(13))) == .truncated)
    }
}
