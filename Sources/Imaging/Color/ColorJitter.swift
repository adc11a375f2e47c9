/// Random-looking changes of colour with given strengths, for augmentation.
///
/// Applied in the order of the properties, each result clipped to 0...255. The formulas are those
/// of common augmentation libraries: brightness `f v`; contrast `f v + (1 - f) m` with `m` the mean
/// luma of the image; saturation `f v + (1 - f) luma`; hue a turn of the HSV hue. Luma is
/// `0.299 R + 0.587 G + 0.114 B`.
public struct ColorJitter: Sendable, Hashable {
    /// Factor on all samples, 1 for no change.
    public var brightness: Float
    /// Factor on the distance from the mean luma, 1 for no change.
    public var contrast: Float
    /// Factor on the distance from each pixel's luma, 1 for no change.
    public var saturation: Float
    /// Turn of the hue in full circles, -0.5 to 0.5, 0 for no change.
    public var hue: Float

    /// Makes a jitter; without arguments nothing changes.
    ///
    /// - Parameters:
    ///   - brightness: Factor on all samples.
    ///   - contrast: Factor on the distance from the mean luma.
    ///   - saturation: Factor on the distance from each pixel's luma.
    ///   - hue: Turn of the hue in full circles.
    public init(
        brightness: Float = 1, contrast: Float = 1, saturation: Float = 1, hue: Float = 0
    ) {
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
    }

    /// Changes an RGB image of 8 bits in place; other images stay as they are.
    ///
    /// - Parameter image: The image.
    public func apply(to image: inout Image) {
        guard image.channels == 3 else { return }
        image.modifyBytes { samples in
            if brightness != 1 || contrast != 1 { changeLevels(samples) }
            if saturation != 1 { changeSaturation(samples) }
        }
        if hue != 0 { HSVChange(hueShift: hue).apply(to: &image) }
    }

    private func changeLevels(_ samples: UnsafeMutableBufferPointer<UInt8>) {
        let bright = (0...255).map { RGBMath.clipped(Float($0) * brightness) }
        for index in samples.indices { samples[index] = bright[Int(samples[index])] }
        guard contrast != 1 else { return }
        var total = 0.0
        for start in stride(from: 0, to: samples.count, by: 3) {
            total += Double(RGBMath.luma(samples, start))
        }
        let mean = Float(total / Double(max(samples.count / 3, 1)))
        let table = (0...255).map { RGBMath.clipped(Float($0) * contrast + (1 - contrast) * mean) }
        for index in samples.indices { samples[index] = table[Int(samples[index])] }
    }

    private func changeSaturation(_ samples: UnsafeMutableBufferPointer<UInt8>) {
        for start in stride(from: 0, to: samples.count, by: 3) {
            let grey = (1 - saturation) * RGBMath.luma(samples, start)
            for index in start..<start + 3 {
                samples[index] = RGBMath.clipped(Float(samples[index]) * saturation + grey)
            }
        }
    }
}

/// Arithmetic on single RGB samples that several changes share.
enum RGBMath {
    /// The nearest byte.
    @inline(__always) static func clipped(_ value: Float) -> UInt8 {
        value <= 0 ? 0 : value >= 255 ? 255 : UInt8(value + 0.5)
    }

    /// Luma of the pixel that begins at an index.
    @inline(__always) static func luma(
        _ samples: UnsafeMutableBufferPointer<UInt8>, _ start: Int
    ) -> Float {
        0.299 * Float(samples[start]) + 0.587 * Float(samples[start + 1])
            + 0.114 * Float(samples[start + 2])
    }
}
