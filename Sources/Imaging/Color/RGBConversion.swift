/// Which 16-bit values become 0 and 255; what lies outside is clipped.
public struct IntensityWindow: Hashable, Sendable {
    /// The sample that becomes 0.
    public var low: Int
    /// The sample that becomes 255, above `low`.
    public var high: Int

    /// Makes a window; one without width is taken as one level wide.
    public init(low: Int, high: Int) {
        self.low = low
        self.high = max(high, low + 1)
    }

    /// The whole range of 16 bits.
    public static let full = IntensityWindow(low: 0, high: 65_535)
}

extension Image {
    /// The image as 8-bit RGB, as models take it.
    ///
    /// Grey is repeated in the three channels. Samples of 16 bits are mapped linearly from the
    /// window to 0...255 and rounded; those of 8 bits stay. Alpha is composited on the background:
    /// `(alpha sample + (255 - alpha) background) / 255`, rounded. (CMYK is RGB already when it
    /// leaves the decoder.)
    ///
    /// - Parameters:
    ///   - background: What shows where alpha is below its maximum.
    ///   - window: Range of 16-bit samples that is shown.
    /// - Returns: An image of 3 channels and 8 bits; `self` if it is one.
    public func toRGB8(
        background: RGBColor = .white, window: IntensityWindow = .full
    ) -> Image {
        if channels == 3, bitDepth == 8 { return self }
        let samples = bytes(window: window)
        if channels == 3 { return Image(width: width, height: height, channels: 3, bytes: samples) }
        let count = width * height
        let backgrounds = [Int(background.red), Int(background.green), Int(background.blue)]
        let isGrey = channels < 3
        let rgb = [UInt8](unsafeUninitializedCapacity: count * 3) { target, initialized in
            samples.withUnsafeBufferPointer { source in
                for pixel in 0..<count {
                    let start = pixel * channels
                    let alpha = channels % 2 == 0 ? Int(source[start + channels - 1]) : 255
                    for channel in 0..<3 {
                        let sample = Int(source[start + (isGrey ? 0 : channel)])
                        let blended = sample * alpha + backgrounds[channel] * (255 - alpha)
                        target[pixel * 3 + channel] = UInt8((blended + 127) / 255)
                    }
                }
            }
            initialized = count * 3
        }
        return Image(width: width, height: height, channels: 3, bytes: rgb)
    }

    /// The samples as 8 bits; alpha is scaled over the full range whatever the window.
    private func bytes(window: IntensityWindow) -> [UInt8] {
        guard case .words(let words) = storage else { return bytes }
        let colors = IntensityWindow.table(window)
        guard channels % 2 == 0 else { return words.map { colors[Int($0)] } }
        let alphas = IntensityWindow.table(.full)
        return words.indices.map { index in
            (index % channels == channels - 1 ? alphas : colors)[Int(words[index])]
        }
    }
}

extension IntensityWindow {
    /// The byte for each of the 65,536 samples.
    fileprivate static func table(_ window: IntensityWindow) -> [UInt8] {
        let range = window.high - window.low
        return (0...65_535).map { sample in
            let inside = min(max(sample - window.low, 0), range)
            return UInt8((inside * 255 + range / 2) / range)
        }
    }
}
