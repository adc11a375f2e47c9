import Imaging
import Tensors

/// How the pixels of an image become the input of a network; travels with the weights.
public struct Preprocessing: Hashable, Sendable, Codable {
    /// How the input's size follows from the image's.
    public enum SizeRule: String, Sendable, Codable, CaseIterable {
        /// The image fitted into height and width, sides rounded up to the stride.
        case rectangle
        /// Always the whole height and width.
        case fixed
    }

    /// Whether images smaller than the input are enlarged.
    public enum Enlarging: String, Sendable, Codable, CaseIterable {
        /// They are enlarged until one side fits.
        case allowed
        /// They stay as they are, with more padding.
        case never
    }

    /// Order of the channels in the input.
    public enum ColorOrder: String, Sendable, Codable, CaseIterable {
        /// Red first.
        case rgb
        /// Blue first.
        case bgr
    }

    /// Height of the input in pixels, a multiple of the stride.
    public var height = 640
    /// Width of the input in pixels, a multiple of the stride.
    public var width = 640
    /// How the input's size follows from the image's.
    public var sizeRule = SizeRule.rectangle
    /// Whether images smaller than the input are enlarged.
    public var enlarging = Enlarging.allowed
    /// Sides of an input are multiples of this.
    public var stride = 32
    /// Sample of all channels where no image is, 0 to 255.
    public var padValue: Float = 114
    /// Mean of each channel, red first, of samples from 0 to 1.
    public var mean: [Float] = [0.485, 0.456, 0.406]
    /// Standard deviation of each channel, red first, of samples from 0 to 1.
    public var std: [Float] = [0.229, 0.224, 0.225]
    /// Order of the channels in the input.
    public var colorOrder = ColorOrder.rgb
    /// The 16-bit sample that becomes black; those of 8 bits are taken as they are.
    public var windowLow = 0
    /// The 16-bit sample that becomes white.
    public var windowHigh = 65_535

    /// Makes the defaults: 640 by 640, normalised as for ImageNet.
    public init() {}

    /// Height and width.
    public var inputSize: ImageSize { ImageSize(width: width, height: height) }

    /// What becomes black and white of 16-bit samples.
    public var window: IntensityWindow { IntensityWindow(low: windowLow, high: windowHigh) }

    /// Checks the ranges of all fields.
    ///
    /// - Throws: `DatasetError` naming the field.
    public func validate() throws(DatasetError) {
        try DatasetError.check((1...1024).contains(stride), "stride", "from 1 to 1024", "\(stride)")
        for (name, side) in [("height", height), ("width", width)] {
            try DatasetError.check(
                (stride...16_384).contains(side) && side % stride == 0, name,
                "from \(stride) to 16384 that is a multiple of \(stride)", "\(side)")
        }
        try DatasetError.check(
            (0...255).contains(padValue), "pad_value", "from 0 to 255", "\(padValue)")
        try DatasetError.check(
            mean.count == 3 && mean.allSatisfy(\.isFinite), "mean", "of three numbers", "\(mean)")
        try DatasetError.check(
            std.count == 3 && std.allSatisfy { $0 > 0 && $0.isFinite }, "std",
            "of three numbers above 0", "\(std)")
        try DatasetError.check(
            (0..<65_535).contains(windowLow), "window_low", "from 0 to 65534", "\(windowLow)")
        try DatasetError.check(
            (windowLow + 1...65_535).contains(windowHigh), "window_high",
            "above window_low, to 65535", "\(windowHigh)")
    }

    /// Where an image lies in its input when nothing is augmented: top left, aspect kept.
    ///
    /// - Parameter size: Of the original image.
    /// - Returns: The input's size, the image's part of it and the map from original pixels.
    public func placement(of size: ImageSize) -> Placement {
        let isSmall = size.width <= width && size.height <= height
        let frame = enlarging == .never && isSmall ? size : inputSize
        let letterbox = Letterbox(size, into: frame, alignment: .topLeft)
        let valid = letterbox.scaled
        let input =
            sizeRule == .fixed
            ? inputSize
            : ImageSize(
                width: (valid.width + stride - 1) / stride * stride,
                height: (valid.height + stride - 1) / stride * stride)
        return Placement(inputSize: input, validSize: valid, map: letterbox.map)
    }

    /// The largest power of two by which an image may be reduced and still be enlarged nowhere.
    ///
    /// - Parameter scale: The largest number of input pixels an original pixel.
    /// - Returns: 1, 2, 4, ...
    static func reduction(for scale: Double) -> Int {
        var reduction = 1
        while Double(reduction * 2) * scale <= 1, reduction < 1 << 16 { reduction *= 2 }
        return reduction
    }
}

/// Where an image lies in the input of a network.
public struct Placement: Hashable, Sendable {
    /// Size of the input.
    public let inputSize: ImageSize
    /// The part that shows the image, from the top left corner.
    public let validSize: ImageSize
    /// From original pixels to input pixels.
    public let map: AffineMap
}

extension Preprocessing {
    /// Colours of a warp: a colour map, then normalisation.
    func coefficients(_ map: ColorMap = .identity) -> ColorCoefficients {
        var result = ColorCoefficients()
        for (lane, channel) in channelOrder.enumerated() {
            let scale = 1 / (255 * std[channel])
            let shift = -mean[channel] / std[channel]
            let row = map.rows[channel]
            result.red[lane] = Float(row[0]) * scale
            result.green[lane] = Float(row[1]) * scale
            result.blue[lane] = Float(row[2]) * scale
            result.offset[lane] = Float(map.offset[channel]) * scale + shift
            result.low[lane] = shift
            result.high[lane] = 255 * scale + shift
        }
        return result
    }

    /// The three values of a pixel where no image is.
    var padding: SIMD3<Float> {
        var result = SIMD3<Float>()
        for (lane, channel) in channelOrder.enumerated() {
            result[lane] = (padValue / 255 - mean[channel]) / std[channel]
        }
        return result
    }

    /// The picture that an input shows: normalisation undone, channels red first.
    ///
    /// - Parameters:
    ///   - input: `[N, height, width, 3]`.
    ///   - index: Which image of the batch.
    /// - Returns: 8 bits, RGB.
    public func picture(of input: Tensor, at index: Int) -> Image {
        let (height, width) = (input.shape[1], input.shape[2])
        let order = channelOrder
        let bytes = input.withElements { elements in
            let start = elements + index * height * width * 3
            return [UInt8](unsafeUninitializedCapacity: height * width * 3) { bytes, count in
                for pixel in 0..<height * width {
                    for (lane, channel) in order.enumerated() {
                        let sample = start[pixel * 3 + lane] * std[channel] + mean[channel]
                        bytes[pixel * 3 + channel] = UInt8(
                            min(255, max(0, (sample * 255).rounded())))
                    }
                }
                count = height * width * 3
            }
        }
        return Image(width: width, height: height, channels: 3, bytes: bytes)
    }

    private var channelOrder: [Int] { colorOrder == .rgb ? [0, 1, 2] : [2, 1, 0] }
}
