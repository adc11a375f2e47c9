import CImageCodecs

extension codec_report {
    /// The library's own words.
    var text: String {
        withUnsafeBytes(of: message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension ImageError {
    /// The error of a codec's fault, in the codec's words.
    init(_ report: codec_report, format: String, place: String) {
        switch report.fault {
        case CODEC_FAULT_UNSUPPORTED:
            self.init(
                .unsupported, "this kind of \(format) is not decoded: \(report.text)", place: place)
        case CODEC_FAULT_TOO_LARGE:
            self.init(.tooLarge, "the \(format) is too large: \(report.text)", place: place)
        case CODEC_FAULT_TRUNCATED:
            self.init(.truncated, "the \(format) ends early: \(report.text)", place: place)
        default:
            self.init(.corrupt, "the \(format) is damaged: \(report.text)", place: place)
        }
    }
}
