/// A change of hue, saturation and value, pixel by pixel.
///
/// `hue' = hue * hueGain + hueShift` modulo a full circle, `saturation' = saturation *
/// saturationGain` and `value' = value * valueGain`, both clipped at 1.
public struct HSVChange: Sendable, Hashable {
    /// Factor on the hue, 1 for no change.
    public var hueGain: Float
    /// Turn of the hue in full circles, 0 for no change.
    public var hueShift: Float
    /// Factor on the saturation, 1 for no change.
    public var saturationGain: Float
    /// Factor on the value, 1 for no change.
    public var valueGain: Float

    /// Makes a change; without arguments nothing changes.
    ///
    /// - Parameters:
    ///   - hueGain: Factor on the hue.
    ///   - hueShift: Turn of the hue in full circles.
    ///   - saturationGain: Factor on the saturation.
    ///   - valueGain: Factor on the value.
    public init(
        hueGain: Float = 1, hueShift: Float = 0, saturationGain: Float = 1, valueGain: Float = 1
    ) {
        self.hueGain = hueGain
        self.hueShift = hueShift
        self.saturationGain = saturationGain
        self.valueGain = valueGain
    }

    /// Changes an RGB image of 8 bits in place; other images stay as they are.
    ///
    /// Gains below 0 and numbers of 1000 or more are no colour change, and are passed over.
    ///
    /// - Parameter image: The image.
    public func apply(to image: inout Image) {
        guard image.channels == 3, self != HSVChange(), isUsable else { return }
        image.modifyBytes { samples in
            for start in stride(from: 0, to: samples.count, by: 3) { change(samples, start) }
        }
    }

    private var isUsable: Bool {
        let gains = [hueGain, saturationGain, valueGain]
        return gains.allSatisfy { $0 >= 0 && $0 < 1000 } && abs(hueShift) < 1000
    }

    @inline(__always)
    private func change(_ samples: UnsafeMutableBufferPointer<UInt8>, _ start: Int) {
        let red = Float(samples[start])
        let green = Float(samples[start + 1])
        let blue = Float(samples[start + 2])
        let high = red > green ? (red > blue ? red : blue) : (green > blue ? green : blue)
        let low = red < green ? (red < blue ? red : blue) : (green < blue ? green : blue)
        let bright = high * valueGain
        let value = bright > 255 ? 255 : bright
        guard high > low else {
            let grey = RGBMath.clipped(value)
            samples[start] = grey
            samples[start + 1] = grey
            samples[start + 2] = grey
            return
        }
        let strong = (high - low) / high * saturationGain
        let saturation = strong > 1 ? 1 : strong
        let sector =
            high == red
            ? (green - blue) / (high - low)
            : high == green
                ? 2 + (blue - red) / (high - low) : 4 + (red - green) / (high - low)
        let hue = (sector < 0 ? sector + 6 : sector) * hueGain + 6 * hueShift
        // Without SSE4.1 `rounded(.down)` is a library call; truncation is one instruction.
        let remainder = hue - 6 * Float(Int32(hue * (1 / 6)))
        let turned = remainder < 0 ? remainder + 6 : remainder
        samples[start] = channel(5, turned, saturation, value)
        samples[start + 1] = channel(3, turned, saturation, value)
        samples[start + 2] = channel(1, turned, saturation, value)
    }

    /// `v (1 - s max(0, min(k, 4 - k, 1)))` with `k = (offset + hue) mod 6`, hue in sixths.
    @inline(__always)
    private func channel(_ offset: Float, _ hue: Float, _ saturation: Float, _ value: Float)
        -> UInt8
    {
        let sum = offset + hue
        let k = sum >= 6 ? sum - 6 : sum
        let fall = 4 - k
        let near = k < fall ? k : fall
        let held = near > 1 ? 1 : near
        let ramp = held < 0 ? 0 : held
        // Value and saturation are in range, so that the result is from 0 to 255.
        return UInt8(truncatingIfNeeded: Int32(value * (1 - saturation * ramp) + 0.5))
    }
}
