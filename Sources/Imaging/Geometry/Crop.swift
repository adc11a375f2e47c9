/// A rectangle of whole pixels; it may reach beyond the image that it is used on.
public struct PixelRect: Hashable, Sendable {
    /// First column.
    public var x: Int
    /// First row.
    public var y: Int
    /// Width in pixels.
    public var width: Int
    /// Height in pixels.
    public var height: Int

    /// Makes a rectangle.
    ///
    /// - Parameters:
    ///   - x: First column.
    ///   - y: First row.
    ///   - width: Width in pixels.
    ///   - height: Height in pixels.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The part inside an image of a size, perhaps without area.
    func clipped(to size: ImageSize) -> PixelRect {
        let left = min(max(x, 0), size.width)
        let top = min(max(y, 0), size.height)
        let right = min(max(x + width, left), size.width)
        let bottom = min(max(y + height, top), size.height)
        return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
    }
}

extension Image {
    /// The pixels of a rectangle; where it reaches beyond the image, the fill value.
    ///
    /// - Parameters:
    ///   - rect: Width and height at least 1.
    ///   - fill: Sample of the pixels outside, 0 to 255, or to 65,535 for 16 bits.
    /// - Returns: An image of the same channels and depth.
    public func cropped(to rect: PixelRect, fill: Int = 0) -> Image {
        let cut: PixelStorage =
            switch storage {
            case .bytes(let samples):
                .bytes(crop(samples, rect, fill: UInt8(clamping: fill)))
            case .words(let samples):
                .words(crop(samples, rect, fill: UInt16(clamping: fill)))
            }
        return Image(width: rect.width, height: rect.height, channels: channels, storage: cut)
    }

    private func crop<Sample>(_ samples: [Sample], _ rect: PixelRect, fill: Sample) -> [Sample] {
        let inside = rect.clipped(to: size)
        var output = [Sample](repeating: fill, count: rect.width * rect.height * channels)
        guard inside.width > 0 else { return output }
        for row in 0..<inside.height {
            let from = ((inside.y + row) * width + inside.x) * channels
            let to = ((inside.y - rect.y + row) * rect.width + inside.x - rect.x) * channels
            let length = inside.width * channels
            output.replaceSubrange(to..<to + length, with: samples[from..<from + length])
        }
        return output
    }
}
