import CImageCodecs

/// Decodes one JPEG file with libjpeg-turbo.
///
/// Grey gives 1 channel, everything else 3. Four components are turned into RGB by
/// `R = (C K + 127) div 255` with 255 for no ink, which is what an Adobe marker says of the
/// samples; without the marker they are inverted first.
struct JPEGDecoder {
    private let reader: OpaquePointer
    private let place: String
    private var header = codec_jpeg_header()

    /// Decodes a file that begins with the signature of JPEG.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - request: Mode, name and the size that is needed.
    /// - Returns: The image after orientation.
    /// - Throws: `ImageError` of any kind but those of files.
    static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, _ request: DecodeRequest
    ) throws(ImageError) -> DecodedImage {
        guard
            let reader = codec_jpeg_reader_create(
                bytes.baseAddress, bytes.count, request.mode == .lenient)
        else { throw ImageError(.tooLarge, "not enough memory", place: request.name) }
        defer { codec_jpeg_reader_destroy(reader) }
        var decoder = JPEGDecoder(reader: reader, place: request.name)
        try decoder.readHeader()
        let orientation = JPEGSegments(bytes).orientation ?? .upright
        let stored = decoder.storedSize
        let reduction = request.reduction(of: orientation.applied(to: stored))
        let image = try decoder.readPixels(reduction: reduction)
        let report = codec_jpeg_reader_report(reader)
        return DecodedImage(
            image: image.oriented(orientation), fullSize: orientation.applied(to: stored),
            warnings: report.warnings > 0 ? [report.text] : [])
    }

    private init(reader: OpaquePointer, place: String) {
        self.reader = reader
        self.place = place
    }

    private var storedSize: ImageSize {
        ImageSize(width: Int(header.width), height: Int(header.height))
    }

    private var failure: ImageError {
        ImageError(codec_jpeg_reader_report(reader), format: "JPEG", place: place)
    }

    /// Size, precision and components are judged in this order, at the first scan.
    private mutating func readHeader() throws(ImageError) {
        guard codec_jpeg_read_header(reader, &header) else { throw failure }
        try DecodeLimits.check(storedSize, bytesPerPixel: outputChannels, place: place)
        guard [1, 3, 4].contains(header.components) else {
            throw ImageError(
                .unsupported, "a JPEG with \(header.components) components is not decoded",
                place: place)
        }
    }

    private var outputChannels: Int { header.components == 1 ? 1 : 3 }

    private func readPixels(reduction: Int) throws(ImageError) -> Image {
        var sides: [UInt32] = [0, 0]
        guard codec_jpeg_start(reader, UInt32(reduction), &sides) else { throw failure }
        let width = Int(sides[0])
        let height = Int(sides[1])
        let count = width * height * outputChannels
        var isComplete = false
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            isComplete = readRows(into: buffer, width: width, height: height)
            initialized = isComplete ? count : 0
        }
        guard isComplete, codec_jpeg_finish(reader) else { throw failure }
        return Image(width: width, height: height, channels: outputChannels, bytes: pixels)
    }

    private func readRows(
        into buffer: UnsafeMutableBufferPointer<UInt8>, width: Int, height: Int
    ) -> Bool {
        guard let pixels = buffer.baseAddress else { return false }
        guard header.components == 4 else {
            return codec_jpeg_read_rows(reader, pixels, width * outputChannels, UInt32(height))
        }
        var inks = [UInt8](repeating: 0, count: width * 4)
        for row in 0..<height {
            guard codec_jpeg_read_rows(reader, &inks, inks.count, 1) else { return false }
            convert(inks, to: pixels + row * width * 3)
        }
        return true
    }

    private func convert(_ inks: [UInt8], to pixels: UnsafeMutablePointer<UInt8>) {
        let inversion: UInt8 = header.has_adobe_marker ? 0 : 255
        inks.withUnsafeBufferPointer { inks in
            for pixel in 0..<inks.count / 4 {
                let black = Int(inks[pixel * 4 + 3] ^ inversion)
                for channel in 0..<3 {
                    let ink = Int(inks[pixel * 4 + channel] ^ inversion)
                    pixels[pixel * 3 + channel] = UInt8((ink * black + 127) / 255)
                }
            }
        }
    }
}
