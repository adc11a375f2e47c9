import CImageCodecs
import Files

/// Writes images as PNG and JPEG, to memory or to a file.
public enum ImageEncoder {
    /// A file format with its settings.
    public enum Format: Sendable, Hashable {
        /// PNG with zlib's compression level, 0 to 9. Keeps every sample.
        case png(level: Int = 6)
        /// JPEG with a quality of 1 to 100; 4:2:0 below 90, else 4:4:4.
        ///
        /// One channel stays grey; alpha and 16 bits are reduced by `toRGB8`.
        case jpeg(quality: Int = 90)
    }

    /// Encodes an image.
    ///
    /// - Parameters:
    ///   - image: Any image; JPEG takes at most 65,500 pixels a side.
    ///   - format: The format with its settings.
    /// - Returns: The content of a file.
    /// - Throws: `tooLarge` when the format or the memory cannot hold it.
    public static func encode(_ image: Image, _ format: Format) throws(ImageError) -> [UInt8] {
        switch format {
        case .png(let level): return try encodePNG(image, level: level, palette: [])
        case .jpeg(let quality):
            let isGrey = image.channels == 1 && image.bitDepth == 8
            let plain = isGrey ? image : image.toRGB8()
            let bounded = min(max(quality, 1), 100)
            return try bytes(image) { count in
                withRaster(plain) { codec_jpeg_write($0, Int32(bounded), bounded < 90, &count) }
            }
        }
    }

    /// Encodes class numbers as a PNG with a palette.
    ///
    /// - Parameters:
    ///   - image: One channel of 8 bits; values beyond the palette are cut to its last colour.
    ///   - palette: 1 to 256 colours.
    /// - Returns: The content of a file.
    /// - Throws: `unsupported` for another kind of image or palette, `tooLarge` as above.
    public static func encodeIndexed(
        _ image: Image, palette: [RGBColor]
    ) throws(ImageError) -> [UInt8] {
        guard image.channels == 1, image.bitDepth == 8, (1...256).contains(palette.count) else {
            throw ImageError(
                .unsupported, "an indexed PNG needs one channel of 8 bits and 1 to 256 colours",
                place: "")
        }
        let last = UInt8(palette.count - 1)
        let indices = image.bytes.map { min($0, last) }
        let checked = Image(width: image.width, height: image.height, channels: 1, bytes: indices)
        return try encodePNG(checked, level: 6, palette: palette)
    }

    /// Encodes an image into a file, which appears whole or not at all.
    ///
    /// - Parameters:
    ///   - image: Any image.
    ///   - path: The file; one that exists is replaced.
    ///   - format: The format with its settings.
    /// - Throws: `unwritable`, or as `encode`.
    public static func write(
        _ image: Image, to path: String, _ format: Format
    ) throws(ImageError) {
        let bytes = try encode(image, format)
        do throws(FileError) {
            try AtomicFile.write(bytes, to: path, .unsynced)
        } catch {
            throw ImageError(.unwritable, error.what, place: path)
        }
    }

    private static func encodePNG(
        _ image: Image, level: Int, palette: [RGBColor]
    ) throws(ImageError) -> [UInt8] {
        let colors = palette.flatMap { [$0.red, $0.green, $0.blue] }
        return try bytes(image) { count in
            colors.withUnsafeBufferPointer { colors in
                let table = codec_palette(colors: colors.baseAddress, count: Int32(palette.count))
                return withRaster(image) {
                    codec_png_write($0, Int32(min(max(level, 0), 9)), table, &count)
                }
            }
        }
    }

    private static func withRaster<Result>(
        _ image: Image, _ body: (codec_raster) -> Result
    ) -> Result {
        func call(_ bytes: UnsafeRawBufferPointer) -> Result {
            body(
                codec_raster(
                    pixels: bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
                    stride: image.width * image.channels * image.bitDepth / 8,
                    width: UInt32(image.width), height: UInt32(image.height),
                    channels: UInt32(image.channels), bit_depth: UInt32(image.bitDepth)))
        }
        return switch image.storage {
        case .bytes(let samples): samples.withUnsafeBytes(call)
        case .words(let samples): samples.withUnsafeBytes(call)
        }
    }

    private static func bytes(
        _ image: Image, _ write: (inout Int) -> UnsafeMutablePointer<UInt8>?
    ) throws(ImageError) -> [UInt8] {
        var count = 0
        guard let written = write(&count) else {
            throw ImageError(
                .tooLarge, "\(image.width) x \(image.height) pixels cannot be encoded", place: "")
        }
        defer { codec_free(written) }
        return Array(UnsafeBufferPointer(start: written, count: count))
    }
}
