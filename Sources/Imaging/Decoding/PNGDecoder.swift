import CImageCodecs

/// Decodes one PNG file with libpng.
///
/// Palettes are expanded to RGB, or RGBA with a valid tRNS; tRNS of grey and RGB becomes an
/// alpha channel; depths below 8 are scaled to 8 bits; 16 bits stay.
enum PNGDecoder {
    /// Decodes a file that begins with the signature of PNG.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - request: Mode and name; the size that is needed has no effect.
    /// - Returns: The image after orientation.
    /// - Throws: `ImageError` of any kind but those of files.
    static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, _ request: DecodeRequest
    ) throws(ImageError) -> DecodedImage {
        let place = request.name
        let chunks = PNGChunks(bytes)
        if chunks.beginsWithHeader, let size = chunks.size {
            try DecodeLimits.check(size, bytesPerPixel: chunks.bytesPerPixel, place: place)
        }
        guard let reader = codec_png_reader_create(bytes.baseAddress, bytes.count) else {
            throw ImageError(.tooLarge, "not enough memory", place: place)
        }
        defer { codec_png_reader_destroy(reader) }
        let image = try readImage(reader, place: place)
        let isFinished = codec_png_finish(reader)
        let report = codec_png_reader_report(reader)
        guard isFinished || request.mode == .lenient else {
            throw ImageError(report, format: "PNG", place: place)
        }
        let oriented = image.oriented(chunks.orientation ?? .upright)
        return DecodedImage(
            image: oriented, fullSize: oriented.size,
            warnings: isFinished && report.warnings == 0 ? [] : [report.text])
    }

    private static func readImage(
        _ reader: OpaquePointer, place: String
    ) throws(ImageError) -> Image {
        var header = codec_png_header()
        guard codec_png_read_header(reader, &header) else {
            throw ImageError(codec_png_reader_report(reader), format: "PNG", place: place)
        }
        let size = ImageSize(width: Int(header.width), height: Int(header.height))
        let sampleBytes = Int(header.bit_depth) / 8
        try DecodeLimits.check(
            size, bytesPerPixel: Int(header.channels) * sampleBytes, place: place)
        let storage: PixelStorage? =
            if sampleBytes == 2 {
                readRows(reader, header, UInt16.self).map(PixelStorage.words)
            } else {
                readRows(reader, header, UInt8.self).map(PixelStorage.bytes)
            }
        guard let storage else {
            throw ImageError(codec_png_reader_report(reader), format: "PNG", place: place)
        }
        return Image(
            width: size.width, height: size.height, channels: Int(header.channels),
            storage: storage)
    }

    private static func readRows<Sample: FixedWidthInteger>(
        _ reader: OpaquePointer, _ header: codec_png_header, _ type: Sample.Type
    ) -> [Sample]? {
        let rowCount = Int(header.width) * Int(header.channels)
        let count = rowCount * Int(header.height)
        var rowBytes = 0
        guard codec_png_start(reader, &rowBytes), rowBytes == rowCount * MemoryLayout<Sample>.size
        else { return nil }
        var isComplete = false
        let samples = [Sample](unsafeUninitializedCapacity: count) { buffer, initialized in
            let rows = UnsafeMutableRawBufferPointer(buffer).assumingMemoryBound(to: UInt8.self)
            isComplete = codec_png_read_image(
                reader, rows.baseAddress, rowBytes, header.height)
            initialized = isComplete ? count : 0
        }
        return isComplete ? samples : nil
    }
}
