/// An image of 32-bit float samples: rows top to bottom, channels interleaved, no padding.
public struct FloatImage: Sendable, Equatable {
    /// Width in pixels.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// Samples a pixel.
    public let channels: Int
    /// The samples, `[height, width, channels]`.
    public var samples: [Float]

    /// Wraps samples that were checked to be `height * width * channels`.
    ///
    /// - Parameters:
    ///   - width: Width in pixels, at least 1.
    ///   - height: Height in pixels, at least 1.
    ///   - channels: Samples a pixel, at least 1.
    ///   - samples: The samples, row by row.
    public init(width: Int, height: Int, channels: Int, samples: [Float]) {
        precondition(width > 0 && height > 0 && channels > 0)
        precondition(samples.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.samples = samples
    }

    /// Converts the samples of an image without scaling: 0 to 255, or 0 to 65,535.
    ///
    /// - Parameter image: Any image.
    public init(_ image: Image) {
        let samples: [Float] =
            switch image.storage {
            case .bytes(let samples): samples.map(Float.init)
            case .words(let samples): samples.map(Float.init)
            }
        self.init(
            width: image.width, height: image.height, channels: image.channels, samples: samples)
    }
}
