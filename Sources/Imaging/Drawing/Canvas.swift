/// A rectangle between continuous pixel coordinates.
public struct PixelBox: Hashable, Sendable {
    /// Left edge.
    public var left: Double
    /// Top edge.
    public var top: Double
    /// Right edge.
    public var right: Double
    /// Bottom edge.
    public var bottom: Double

    /// Makes a box from its edges.
    ///
    /// - Parameters:
    ///   - left: Left edge.
    ///   - top: Top edge.
    ///   - right: Right edge.
    ///   - bottom: Bottom edge.
    public init(left: Double, top: Double, right: Double, bottom: Double) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }
}

/// Draws on an RGB image of 8 bits; whatever lies outside the image is cut off.
public struct Canvas: Sendable {
    /// What was drawn so far.
    public private(set) var image: Image

    /// Begins with a picture, which becomes 8-bit RGB.
    ///
    /// - Parameter image: Any image.
    public init(_ image: Image) { self.image = image.toRGB8() }

    /// Width and height in pixels.
    public var size: ImageSize { image.size }

    /// The width of lines that suits the image: 2 pixels, more on large ones.
    public var lineWidth: Int {
        max(2, Int((Double(max(size.width, size.height)) / 400).rounded()))
    }

    /// Fills a rectangle of whole pixels.
    ///
    /// - Parameters:
    ///   - rect: The rectangle.
    ///   - color: Its colour.
    public mutating func fill(_ rect: PixelRect, _ color: RGBColor) {
        let inside = rect.clipped(to: size)
        let width = size.width
        image.modifyBytes { samples in
            for y in inside.y..<inside.y + inside.height {
                for x in inside.x..<inside.x + inside.width {
                    let start = (y * width + x) * 3
                    samples[start] = color.red
                    samples[start + 1] = color.green
                    samples[start + 2] = color.blue
                }
            }
        }
    }

    /// Draws the frame of a box, inside its edges.
    ///
    /// - Parameters:
    ///   - box: The box; edges are rounded to pixels.
    ///   - color: Its colour.
    ///   - lineWidth: In pixels; `nil` for what suits the image.
    public mutating func stroke(_ box: PixelBox, _ color: RGBColor, lineWidth: Int? = nil) {
        let (left, right) = (Self.pixel(box.left), Self.pixel(box.right))
        let (top, bottom) = (Self.pixel(box.top), Self.pixel(box.bottom))
        let (width, height) = (max(right - left, 1), max(bottom - top, 1))
        let line = lineWidth ?? self.lineWidth
        let (across, down) = (min(line, height), min(line, width))
        fill(PixelRect(x: left, y: top, width: width, height: across), color)
        fill(PixelRect(x: left, y: top + height - across, width: width, height: across), color)
        fill(PixelRect(x: left, y: top, width: down, height: height), color)
        fill(PixelRect(x: left + width - down, y: top, width: down, height: height), color)
    }

    /// Fills polygons with smooth edges.
    ///
    /// - Parameters:
    ///   - rings: Closed rings in continuous pixel coordinates, by the even-odd rule.
    ///   - color: Their colour.
    ///   - alpha: How much the colour covers, 0 to 1.
    public mutating func fill(_ rings: [[PixelPoint]], _ color: RGBColor, alpha: Float = 1) {
        for row in PolygonCoverage(rings, in: size).rows {
            for (offset, coverage) in row.coverage.enumerated() where coverage > 0 {
                blend(color, atX: row.x + offset, y: row.y, alpha: min(coverage, 1) * alpha)
            }
        }
    }

    /// Draws the outlines of polygons.
    ///
    /// - Parameters:
    ///   - rings: Closed rings in continuous pixel coordinates.
    ///   - color: Their colour.
    ///   - lineWidth: In pixels; `nil` for what suits the image.
    public mutating func stroke(_ rings: [[PixelPoint]], _ color: RGBColor, lineWidth: Int? = nil) {
        let half = Double(lineWidth ?? self.lineWidth) / 2
        for ring in rings {
            for index in ring.indices {
                let segment = Self.segment(
                    ring[index], ring[(index + 1) % ring.count], half: half)
                fill([segment], color)
            }
        }
    }

    /// Tints the pixels of a mask.
    ///
    /// - Parameters:
    ///   - mask: `[height, width]` of the image; what is not 0 is tinted. One of another size
    ///     is not drawn.
    ///   - color: The tint.
    ///   - alpha: How much the tint covers, 0 to 1.
    public mutating func tint(_ mask: [UInt8], _ color: RGBColor, alpha: Float = 0.45) {
        guard mask.count == size.width * size.height else { return }
        for y in 0..<size.height {
            for x in 0..<size.width where mask[y * size.width + x] != 0 {
                blend(color, atX: x, y: y, alpha: alpha)
            }
        }
    }

    private mutating func blend(_ color: RGBColor, atX x: Int, y: Int, alpha: Float) {
        let start = (y * size.width + x) * 3
        let strength = min(max(alpha, 0), 1)
        image.modifyBytes { samples in
            func mix(_ index: Int, _ sample: UInt8) {
                let old = Float(samples[start + index])
                samples[start + index] = UInt8(old + (Float(sample) - old) * strength + 0.5)
            }
            mix(0, color.red)
            mix(1, color.green)
            mix(2, color.blue)
        }
    }

    /// A line as a rectangle that reaches half its width beyond both ends.
    private static func segment(
        _ start: PixelPoint, _ end: PixelPoint, half: Double
    ) -> [PixelPoint] {
        let (dx, dy) = (end.x - start.x, end.y - start.y)
        let length = (dx * dx + dy * dy).squareRoot()
        let along =
            length > 0
            ? PixelPoint(x: dx / length * half, y: dy / length * half) : PixelPoint(x: half, y: 0)
        func corner(_ point: PixelPoint, _ ahead: Double, _ aside: Double) -> PixelPoint {
            PixelPoint(
                x: point.x + ahead * along.x - aside * along.y,
                y: point.y + ahead * along.y + aside * along.x)
        }
        return [
            corner(start, -1, 1), corner(end, 1, 1), corner(end, 1, -1), corner(start, -1, -1),
        ]
    }

    /// The nearest whole pixel, held where it can be counted.
    static func pixel(_ position: Double) -> Int {
        guard position.isFinite else { return 0 }
        return Int(min(max(position, -1e6), 1e6).rounded())
    }
}
