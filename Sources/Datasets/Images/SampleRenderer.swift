import Imaging
import Tensors

/// Draws samples into inputs: each pixel is one bilinear reading of one image, or padding.
struct SampleRenderer {
    private let preprocessing: Preprocessing
    private let padding: SIMD3<Float>

    init(_ preprocessing: Preprocessing) {
        self.preprocessing = preprocessing
        padding = preprocessing.padding
    }

    /// Writes all pixels of a sample.
    ///
    /// - Parameters:
    ///   - sample: The images with their maps and colours.
    ///   - destination: Room for `height * width * 3` floats.
    func render(_ sample: Sample, into destination: UnsafeMutablePointer<Float>) {
        let width = sample.size.width
        let layers = sample.layers.compactMap { layer in
            PreparedLayer(
                layer.pixels, layer.map,
                preprocessing.coefficients(sample.colorChange.map(mean: layer.pixels.mean)))
        }
        for row in 0..<sample.size.height {
            let line = destination + row * width * 3
            pad(line, width)
            for layer in layers { layer.draw(row: row, width: width, into: line) }
        }
    }

    private func pad(_ line: UnsafeMutablePointer<Float>, _ width: Int) {
        for column in 0..<width {
            line[3 * column] = padding.x
            line[3 * column + 1] = padding.y
            line[3 * column + 2] = padding.z
        }
    }
}

/// An image of a sample with all that is the same for each of its rows.
private struct PreparedLayer {
    private let raster: Raster
    /// From target pixels to the raster's pixels.
    private let inverse: AffineMap
    private let colors: [Float]
    /// First position beyond the image, in the fixed point of a walk.
    private let endX: Int
    private let endY: Int

    /// Positions are relative to the border's first pixel: the image begins half a pixel later.
    private static let start = 0.5
    private static let one = Double(1 << PixelWalk.fractionBits)

    /// Nil for a map that flattens the image.
    init?(_ pixels: ImagePyramid, _ map: AffineMap, _ colors: ColorCoefficients) {
        guard let back = map.inverse else { return nil }
        let level = pixels.level(for: map.meanScale)
        let reduction = Double(level.reduction)
        raster = level.raster
        inverse = back.then(.scale(x: 1 / reduction, y: 1 / reduction))
        self.colors = PixelWarp.packed(colors)
        let width = min(Double(raster.width), Double(pixels.originalSize.width) / reduction)
        let height = min(Double(raster.height), Double(pixels.originalSize.height) / reduction)
        endX = Self.fixed(width + Self.start)
        endY = Self.fixed(height + Self.start)
    }

    func draw(row: Int, width: Int, into line: UnsafeMutablePointer<Float>) {
        let first = inverse(PixelPoint(x: 0.5, y: Double(row) + 0.5))
        let walk = PixelWalk(
            x: Self.fixed(first.x + Self.start), y: Self.fixed(first.y + Self.start),
            dx: Self.fixed(inverse.xx), dy: Self.fixed(inverse.yx))
        let start = Self.fixed(Self.start)
        let columns = Self.steps(from: walk.x, by: walk.dx, within: start..<endX, limit: width)
            .clamped(to: Self.steps(from: walk.y, by: walk.dy, within: start..<endY, limit: width))
        guard !columns.isEmpty else { return }
        raster.bytes.withUnsafeBufferPointer { bytes in
            guard let source = bytes.baseAddress else { return }
            PixelWarp.run(
                source: source, stride: raster.stride,
                walk: walk.advanced(by: columns.lowerBound), colors: colors,
                destination: line + 3 * columns.lowerBound, count: columns.count)
        }
    }

    /// The steps `k` of `0..<limit` for which `from + k by` lies in a range.
    private static func steps(
        from start: Int, by step: Int, within range: Range<Int>, limit: Int
    ) -> Range<Int> {
        guard step != 0 else { return range.contains(start) ? 0..<limit : 0..<0 }
        let low: Int
        let high: Int
        if step > 0 {
            low = ceilingQuotient(range.lowerBound - start, step)
            high = ceilingQuotient(range.upperBound - start, step)
        } else {
            low = floorQuotient(start - range.upperBound, -step) + 1
            high = floorQuotient(start - range.lowerBound, -step) + 1
        }
        let first = min(max(low, 0), limit)
        return first..<max(first, min(high, limit))
    }

    private static func floorQuotient(_ dividend: Int, _ divisor: Int) -> Int {
        let quotient = dividend / divisor
        return dividend % divisor < 0 ? quotient - 1 : quotient
    }

    private static func ceilingQuotient(_ dividend: Int, _ divisor: Int) -> Int {
        -floorQuotient(-dividend, divisor)
    }

    /// A position in the fixed point of a walk, kept where sums of many steps cannot overflow.
    private static func fixed(_ position: Double) -> Int {
        let limit = Double(1 << 56)
        return Int(min(limit, max(-limit, (position * one).rounded())))
    }
}
