import Foundation
import Imaging
import Testing

@Suite struct ColorTests {
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
