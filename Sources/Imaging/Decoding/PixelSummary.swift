/// Figures by which two decoders' pixels are compared.
public struct PixelSummary: Sendable {
    /// The mean of each channel.
    public let mean: [Double]
    /// `[8, 8, channels]`: the mean of each channel over each of 8 by 8 cells.
    ///
    /// Cell `i` covers rows from `floor(i h / 8)` up to `floor((i + 1) h / 8)`, at least one row;
    /// columns alike.
    public let grid: [[[Double]]]
    /// SHA-256 of the samples, little-endian where they have 16 bits.
    public let sha256: String

    private static let cells = 8

    /// Looks at every pixel of an image.
    ///
    /// - Parameter image: Any image.
    public init(of image: Image) {
        switch image.storage {
        case .bytes(let samples):
            self.init(samples, image, digest: samples.withUnsafeBytes(SHA256.hexDigest))
        case .words(let samples):
            let ordered = samples.map(\.littleEndian)
            self.init(samples, image, digest: ordered.withUnsafeBytes(SHA256.hexDigest))
        }
    }

    private init<Sample: UnsignedInteger & FixedWidthInteger>(
        _ samples: [Sample], _ image: Image, digest: String
    ) {
        let rows = (0..<Self.cells).map { Self.span($0, of: image.height) }
        let columns = (0..<Self.cells).map { Self.span($0, of: image.width) }
        mean = Self.mean(samples, image, 0..<image.height, 0..<image.width)
        grid = rows.map { rows in columns.map { Self.mean(samples, image, rows, $0) } }
        sha256 = digest
    }

    private static func span(_ cell: Int, of length: Int) -> Range<Int> {
        let start = cell * length / cells
        return start..<max((cell + 1) * length / cells, start + 1)
    }

    private static func mean<Sample: UnsignedInteger & FixedWidthInteger>(
        _ samples: [Sample], _ image: Image, _ rows: Range<Int>, _ columns: Range<Int>
    ) -> [Double] {
        let channels = image.channels
        var sums = [Int](repeating: 0, count: channels)
        for row in rows {
            let start = (row * image.width + columns.lowerBound) * channels
            for channel in 0..<channels {
                var sum = 0
                for index in 0..<columns.count {
                    sum += Int(samples[start + index * channels + channel])
                }
                sums[channel] += sum
            }
        }
        return sums.map { Double($0) / Double(rows.count * columns.count) }
    }
}
