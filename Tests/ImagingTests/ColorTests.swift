import Foundation
import Imaging
import Testing

@Suite struct ColorTests {
    private let picture = Sample.image(width: 24, height: 18, channels: 3)

    /// Hue in sixths of a circle, saturation and value of a pixel, by the textbook.
    private func hsv(_ pixel: ArraySlice<UInt8>) -> [Double] {
        let c = pixel.map { Double($0) / 255 }
        let (high, low) = (max(c[0], c[1], c[2]), min(c[0], c[1], c[2]))
        guard high > low else { return [0, 0, high] }
        let raw =
            high == c[0]
            ? (c[1] - c[2]) / (high - low)
            : high == c[1] ? 2 + (c[2] - c[0]) / (high - low) : 4 + (c[0] - c[1]) / (high - low)
        return [raw < 0 ? raw + 6 : raw, (high - low) / high, high]
    }

    private func pixels(_ image: Image) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: image.bytes.count, by: 3).map { image.bytes[$0..<$0 + 3] }
    }

    @Test func neutralSettingsChangeNothing() {
        var image = picture
        ColorJitter().apply(to: &image)
        HSVChange().apply(to: &image)
        #expect(image == picture)
        HSVChange(hueShift: 1).apply(to: &image)
        #expect(zip(image.bytes, picture.bytes).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }

    @Test func gainsScaleSaturationAndValue() {
        var image = picture
        HSVChange(saturationGain: 0.5, valueGain: 0.8).apply(to: &image)
        for (new, old) in zip(pixels(image), pixels(picture)) {
            let (before, after) = (hsv(old), hsv(new))
            #expect(abs(after[2] - before[2] * 0.8) < 0.0025)
            // A level of rounding weighs the more the darker the pixel is.
            #expect(abs(after[1] - before[1] * 0.5) < 0.006 / max(after[2], 0.01))
        }
    }

    @Test func aThirdOfATurnMovesRedToGreen() {
        var image = Image(width: 2, height: 2, color: RGBColor(200, 40, 40))
        ColorJitter(hue: 1.0 / 3).apply(to: &image)
        #expect(Array(image.bytes.prefix(3)) == [40, 200, 40])
    }

    @Test func brightnessScalesAndClips() {
        var image = picture
        ColorJitter(brightness: 1.5).apply(to: &image)
        for (new, old) in zip(image.bytes, picture.bytes) {
            #expect(abs(Double(new) - min(Double(old) * 1.5, 255)) <= 0.5)
        }
    }

    @Test func zeroContrastAndSaturationGiveGrey() {
        var flat = picture
        ColorJitter(contrast: 0).apply(to: &flat)
        #expect(Set(flat.bytes).count == 1)
        var grey = picture
        ColorJitter(saturation: 0).apply(to: &grey)
        for (new, old) in zip(pixels(grey), pixels(picture)) {
            let c = old.map(Double.init)
            let luma = 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]
            #expect(new.allSatisfy { abs(Double($0) - luma) < 0.51 })
        }
    }

    @Test func conversionFollowsItsPolicy() {
        let grey = Image(width: 2, height: 1, channels: 1, bytes: [7, 200])
        #expect(grey.toRGB8().bytes == [7, 7, 7, 200, 200, 200])
        let clear = Image(width: 2, height: 1, channels: 4, bytes: [9, 9, 9, 0, 10, 20, 30, 255])
        #expect(clear.toRGB8().bytes == [255, 255, 255, 10, 20, 30])
        #expect(clear.toRGB8(background: .black).bytes == [0, 0, 0, 10, 20, 30])
        let words = Image(
            width: 4, height: 1, channels: 1, storage: .words([0, 257, 32_896, 65_535]))
        #expect(words.toRGB8().bytes == [0, 0, 0, 1, 1, 1, 128, 128, 128, 255, 255, 255])
        let window = IntensityWindow(low: 200, high: 300)
        #expect(words.toRGB8(window: window).bytes[3...5] == [145, 145, 145])
    }

    @Test func neighbouringClassesDiffer() {
        let colors = ClassPalette.colors(count: 80)
        #expect(Set(colors).count == 80)
        for (one, next) in zip(colors, colors.dropFirst()) {
            let distance =
                abs(Int(one.red) - Int(next.red)) + abs(Int(one.green) - Int(next.green))
                + abs(Int(one.blue) - Int(next.blue))
            #expect(distance > 100)
        }
    }
}
