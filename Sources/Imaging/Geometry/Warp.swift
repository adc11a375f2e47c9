extension Image {
    /// The image moved by an affine map into a frame.
    ///
    /// Bilinear between pixel centres, or nearest; the fill colour lies around the image and is
    /// blended over its last half pixel. A map that reduces to half or less is applied to the
    /// image halved as often as needed, so that no source pixel is passed over. Positions are
    /// rounded to 1/256 of a pixel.
    ///
    /// - Parameters:
    ///   - map: From this image's continuous coordinates to those of the frame.
    ///   - size: Size of the frame.
    ///   - interpolation: `nearest`, else bilinear.
    ///   - fill: Samples of the surroundings, one a channel; missing ones are 0.
    /// - Returns: An image of the frame's size, 8 bits; one of 16 bits is reduced to 8 bits first.
    public func warped(
        by map: AffineMap, to size: ImageSize, _ interpolation: Interpolation = .bilinear,
        fill: [UInt8] = []
    ) -> Image {
        guard bitDepth == 8 else {
            return toRGB8().warped(by: map, to: size, interpolation, fill: fill)
        }
        let surroundings = (0..<channels).map { $0 < fill.count ? fill[$0] : 0 }
        var source = self
        var forward = map
        while interpolation != .nearest, abs(forward.determinant) <= 0.25,
            min(source.width, source.height) > 1
        {
            forward = AffineMap.scale(x: 2, y: 2).then(forward)
            source = source.halved()
        }
        guard let back = forward.inverse else {
            let pixels = Array(repeatElement(surroundings, count: size.width * size.height))
            return Image(
                width: size.width, height: size.height, channels: channels,
                bytes: Array(pixels.joined()))
        }
        let warp = Warp(
            source: source, back: back, size: size, fill: surroundings,
            isNearest: interpolation == .nearest)
        return Image(
            width: size.width, height: size.height, channels: channels, bytes: warp.pixels())
    }

    /// Half the size, rounded up: means of 2 by 2 pixels, the last row or column repeated.
    func halved() -> Image {
        let target = ImageSize(width: (width + 1) / 2, height: (height + 1) / 2)
        let samples = bytes
        let total = target.width * target.height * channels
        let output = [UInt8](unsafeUninitializedCapacity: total) { output, initialized in
            samples.withUnsafeBufferPointer { input in
                for y in 0..<target.height {
                    let upper = 2 * y * width * channels
                    let lower = min(2 * y + 1, height - 1) * width * channels
                    for x in 0..<target.width {
                        let left = 2 * x * channels
                        let right = min(2 * x + 1, width - 1) * channels
                        for channel in 0..<channels {
                            let sum =
                                Int(input[upper + left + channel])
                                + Int(input[upper + right + channel])
                                + Int(input[lower + left + channel])
                                + Int(input[lower + right + channel])
                            output[(y * target.width + x) * channels + channel] =
                                UInt8((sum + 2) >> 2)
                        }
                    }
                }
            }
            initialized = total
        }
        return Image(
            width: target.width, height: target.height, channels: channels, bytes: output)
    }
}

/// Source positions along an output row in fixed point, so that a step is one addition.
///
/// With 24 fraction bits the steps' rounding stays below 1/256 pixel over 65,500 pixels.
private struct LinePositions {
    static let fractionBits = 24
    /// Positions and steps are held within this many pixels: far outside, and safe to add up.
    private static let reach = 1e6

    private(set) var x: Int
    private(set) var y: Int
    private let stepX: Int
    private let stepY: Int

    init(x: Double, y: Double, stepX: Double, stepY: Double) {
        func fixed(_ value: Double) -> Int {
            let held = min(max(value, -Self.reach), Self.reach)
            return Int((held * Double(1 << Self.fractionBits)).rounded(.down))
        }
        self.x = fixed(x)
        self.y = fixed(y)
        self.stepX = fixed(stepX)
        self.stepY = fixed(stepY)
    }

    @inline(__always) mutating func advance() {
        x &+= stepX
        y &+= stepY
    }
}

/// One warp of an image of 8 bits.
private struct Warp {
    let source: Image
    let back: AffineMap
    let size: ImageSize
    let fill: [UInt8]
    let isNearest: Bool

    func pixels() -> [UInt8] {
        let channels = source.channels
        let total = size.width * size.height * channels
        let samples = source.bytes
        return [UInt8](unsafeUninitializedCapacity: total) { output, initialized in
            initialized = total
            samples.withUnsafeBufferPointer { input in
                fill.withUnsafeBufferPointer { fill in
                    guard let output = output.baseAddress, let input = input.baseAddress,
                        let fill = fill.baseAddress
                    else { return }
                    for y in 0..<size.height {
                        let row = output + y * size.width * channels
                        if isNearest {
                            writeNearest(y, input, fill, row)
                        } else if channels == 3 {
                            writeBilinear(y, input, fill, row, channels: 3)
                        } else {
                            writeBilinear(y, input, fill, row, channels: channels)
                        }
                    }
                }
            }
        }
    }

    /// Positions of a row's pixels, less half a pixel for `offset` 0.5.
    private func line(_ y: Int, offset: Double) -> LinePositions {
        let start = back(PixelPoint(x: 0.5, y: Double(y) + 0.5))
        return LinePositions(
            x: start.x - offset, y: start.y - offset, stepX: back.xx, stepY: back.yx)
    }

    private func writeNearest(
        _ y: Int, _ input: UnsafePointer<UInt8>, _ fill: UnsafePointer<UInt8>,
        _ row: UnsafeMutablePointer<UInt8>
    ) {
        let channels = source.channels
        var position = line(y, offset: 0)
        for x in 0..<size.width {
            let column = position.x >> LinePositions.fractionBits
            let line = position.y >> LinePositions.fractionBits
            position.advance()
            let isInside =
                column >= 0 && column < source.width && line >= 0 && line < source.height
            let from = isInside ? input + (line * source.width + column) * channels : fill
            (row + x * channels).initialize(from: from, count: channels)
        }
    }

    @inline(__always)
    private func writeBilinear(
        _ y: Int, _ input: UnsafePointer<UInt8>, _ fill: UnsafePointer<UInt8>,
        _ row: UnsafeMutablePointer<UInt8>, channels: Int
    ) {
        var position = line(y, offset: 0.5)
        let (width, height) = (source.width, source.height)
        for x in 0..<size.width {
            let (across, down) = (position.x, position.y)
            position.advance()
            let column = across >> LinePositions.fractionBits
            let line = down >> LinePositions.fractionBits
            let target = row + x * channels
            guard column >= -1, column < width, line >= -1, line < height else {
                target.initialize(from: fill, count: channels)
                continue
            }
            let right = (across >> (LinePositions.fractionBits - 8)) & 255
            let below = (down >> (LinePositions.fractionBits - 8)) & 255
            let upperLeft = input + (line * width + column) * channels
            let hasLeft = column >= 0
            let hasRight = column < width - 1
            let corners =
                if line >= 0, line < height - 1, hasLeft, hasRight {
                    Corners(upperLeft, channels, width * channels)
                } else {
                    Corners(
                        line >= 0 && hasLeft ? upperLeft : fill,
                        line >= 0 && hasRight ? upperLeft + channels : fill,
                        line < height - 1 && hasLeft ? upperLeft + width * channels : fill,
                        line < height - 1 && hasRight
                            ? upperLeft + (width + 1) * channels : fill)
                }
            corners.blend(right: right, below: below, into: target, channels: channels)
        }
    }
}

/// The four pixels around a position.
private struct Corners {
    private let upperLeft: UnsafePointer<UInt8>
    private let upperRight: UnsafePointer<UInt8>
    private let lowerLeft: UnsafePointer<UInt8>
    private let lowerRight: UnsafePointer<UInt8>

    @inline(__always)
    init(
        _ upperLeft: UnsafePointer<UInt8>, _ upperRight: UnsafePointer<UInt8>,
        _ lowerLeft: UnsafePointer<UInt8>, _ lowerRight: UnsafePointer<UInt8>
    ) {
        self.upperLeft = upperLeft
        self.upperRight = upperRight
        self.lowerLeft = lowerLeft
        self.lowerRight = lowerRight
    }

    @inline(__always)
    init(_ upperLeft: UnsafePointer<UInt8>, _ pixel: Int, _ line: Int) {
        self.init(upperLeft, upperLeft + pixel, upperLeft + line, upperLeft + line + pixel)
    }

    /// Weights are in 1/256.
    @inline(__always)
    func blend(right: Int, below: Int, into target: UnsafeMutablePointer<UInt8>, channels: Int) {
        let (fromRight, fromBelow) = (Int32(right), Int32(below))
        for channel in 0..<channels {
            let upper =
                Int32(upperLeft[channel]) &* (256 &- fromRight)
                &+ Int32(upperRight[channel]) &* fromRight
            let lower =
                Int32(lowerLeft[channel]) &* (256 &- fromRight)
                &+ Int32(lowerRight[channel]) &* fromRight
            let sum = upper &* (256 &- fromBelow) &+ lower &* fromBelow
            target[channel] = UInt8(truncatingIfNeeded: (sum &+ 32_768) >> 16)
        }
    }
}
