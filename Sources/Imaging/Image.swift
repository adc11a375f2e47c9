/// The samples of an image: 8 or 16 bits each.
public enum PixelStorage: Sendable, Equatable {
    /// Samples of 8 bits.
    case bytes([UInt8])
    /// Samples of 16 bits, in the machine's byte order.
    case words([UInt16])

    /// Number of samples.
    public var count: Int {
        switch self {
        case .bytes(let samples): samples.count
        case .words(let samples): samples.count
        }
    }
}

/// An image in memory: rows top to bottom, channels interleaved, no padding.
///
/// `[height, width, channels]`; 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGBA with alpha
/// not multiplied in. No colour profile and no gamma is attached or applied.
public struct Image: Sendable, Equatable {
    /// Width in pixels.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// Samples a pixel, 1 to 4.
    public let channels: Int
    /// The samples, `height * width * channels` of them.
    public private(set) var storage: PixelStorage

    /// Wraps samples that were checked to be `height * width * channels`.
    ///
    /// - Parameters:
    ///   - width: Width in pixels, at least 1.
    ///   - height: Height in pixels, at least 1.
    ///   - channels: Samples a pixel, 1 to 4.
    ///   - storage: The samples, row by row.
    public init(width: Int, height: Int, channels: Int, storage: PixelStorage) {
        precondition((1...4).contains(channels) && width > 0 && height > 0)
        precondition(storage.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.storage = storage
    }

    /// Makes an image of 8 bits from its samples.
    ///
    /// - Parameters:
    ///   - width: Width in pixels, at least 1.
    ///   - height: Height in pixels, at least 1.
    ///   - channels: Samples a pixel, 1 to 4.
    ///   - bytes: `height * width * channels` samples, row by row.
    public init(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
        self.init(width: width, height: height, channels: channels, storage: .bytes(bytes))
    }

    /// Makes an RGB image of 8 bits filled with one colour.
    ///
    /// - Parameters:
    ///   - width: Width in pixels, at least 1.
    ///   - height: Height in pixels, at least 1.
    ///   - color: The colour of every pixel.
    public init(width: Int, height: Int, color: RGBColor) {
        let count = width * height * 3
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in stride(from: 0, to: count, by: 3) {
                buffer[index] = color.red
                buffer[index + 1] = color.green
                buffer[index + 2] = color.blue
            }
            initialized = count
        }
        self.init(width: width, height: height, channels: 3, bytes: bytes)
    }

    /// Bits a sample, 8 or 16.
    public var bitDepth: Int {
        switch storage {
        case .bytes: 8
        case .words: 16
        }
    }

    /// Width and height.
    public var size: ImageSize { ImageSize(width: width, height: height) }

    /// The samples if they have 8 bits, else an empty array.
    public var bytes: [UInt8] {
        guard case .bytes(let samples) = storage else { return [] }
        return samples
    }

    /// Changes 8-bit samples in place, without a copy if nobody else holds them.
    ///
    /// Nothing is called for an image of 16 bits.
    ///
    /// - Parameter change: Gets the samples, `[height, width, channels]`.
    mutating func modifyBytes(_ change: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        guard case .bytes(var samples) = storage else { return }
        storage = .bytes([])
        samples.withUnsafeMutableBufferPointer { change($0) }
        storage = .bytes(samples)
    }
}

/// Width and height of an image in pixels.
public struct ImageSize: Hashable, Sendable {
    /// Width in pixels.
    public var width: Int
    /// Height in pixels.
    public var height: Int

    /// Makes a size.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// A colour of 8 bits a channel, without alpha.
public struct RGBColor: Hashable, Sendable {
    /// Red, 0 to 255.
    public var red: UInt8
    /// Green, 0 to 255.
    public var green: UInt8
    /// Blue, 0 to 255.
    public var blue: UInt8

    /// Makes a colour from its three channels.
    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// White.
    public static let white = RGBColor(255, 255, 255)
    /// Black.
    public static let black = RGBColor(0, 0, 0)
}
