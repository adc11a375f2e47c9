import Foundation
import Imaging
import Testing

@Suite struct DrawingTests {
    private let red = RGBColor(255, 0, 0)

    private func changed(_ canvas: Canvas) -> [(x: Int, y: Int)] {
        let image = canvas.image
        return (0..<image.width * image.height).filter { image.bytes[$0 * 3 + 1] != 255 }
            .map { ($0 % image.width, $0 / image.width) }
    }

    private func canvas(_ width: Int, _ height: Int) -> Canvas {
        Canvas(Image(width: width, height: height, color: .white))
    }

    @Test func coverageSumsToTheArea() {
        let star = [(3.2, 4.1), (20.7, 6.6), (17.9, 25.3), (9.5, 15.0), (5.25, 22.75)]
            .map { PixelPoint(x: $0.0, y: $0.1) }
        let twice = star.indices.reduce(0.0) { sum, index in
            let (a, b) = (star[index], star[(index + 1) % star.count])
            return sum + a.x * b.y - b.x * a.y
        }
        let covered = PolygonCoverage([star], in: ImageSize(width: 30, height: 30)).rows
            .flatMap(\.coverage).reduce(0, +)
        // Sub-rows sample the height at quarters of a pixel.
        #expect(abs(Double(covered) - abs(twice) / 2) < 1)
    }

    @Test func aRingInsideAnotherIsAHole() {
        func square(_ low: Double, _ high: Double) -> [PixelPoint] {
            [(low, low), (high, low), (high, high), (low, high)]
                .map { PixelPoint(x: $0.0, y: $0.1) }
        }
        var canvas = canvas(12, 12)
        canvas.fill([square(1, 11), square(4, 8)], red)
        #expect(changed(canvas).count == 100 - 16)
    }

    @Test func oddCoordinatesAreCutOff() {
        var canvas = canvas(10, 8)
        let far = [(-1e12, -5.0), (1e12, 3.0), (5.0, 1e12)].map { PixelPoint(x: $0.0, y: $0.1) }
        canvas.fill([far, [PixelPoint(x: .nan, y: 1)] + far], red)
        canvas.stroke(PixelBox(left: -.infinity, top: -1e300, right: 1e300, bottom: .nan), red)
        canvas.stroke([far], red)
        canvas.label("x", for: PixelBox(left: .nan, top: 1e300, right: 0, bottom: 0), red)
        #expect(canvas.size == ImageSize(width: 10, height: 8))
    }

    @Test func boxFrameStaysInsideItsEdges() {
        var canvas = canvas(40, 30)
        canvas.stroke(PixelBox(left: 5, top: 6, right: 25, bottom: 20), red, lineWidth: 2)
        let inked = changed(canvas)
        #expect(inked.map(\.x).min() == 5 && inked.map(\.x).max() == 24)
        #expect(inked.map(\.y).min() == 6 && inked.map(\.y).max() == 19)
        #expect(inked.count == 20 * 14 - 16 * 10)
    }

    @Test func tintBlendsTheMaskOnly() {
        var canvas = canvas(4, 2)
        canvas.tint([0, 1, 0, 0, 0, 0, 0, 1], .black, alpha: 0.5)
        #expect(changed(canvas).map(\.x) == [1, 3])
        #expect(canvas.image.bytes[3] == 128)
    }

    @Test(arguments: [(-50.0, -50.0), (390.0, 290.0), (100.0, 4.0), (10.0, 200.0)])
    func labelStaysInsideAndLegible(left: Double, top: Double) {
        var canvas = canvas(400, 300)
        let box = PixelBox(left: left, top: top, right: left + 60, bottom: top + 40)
        canvas.label("scissors 0.87", for: box, RGBColor(20, 60, 160))
        let inked = changed(canvas)
        // The plate without its white letters; all of it is on the image.
        #expect(inked.count > 400)
        #expect((inked.map(\.x).max() ?? 0) - (inked.map(\.x).min() ?? 0) == 13 * 6)
        #expect((inked.map(\.y).max() ?? 0) - (inked.map(\.y).min() ?? 0) == 8)
    }

    @Test func longLabelsShrinkAndAreCut() {
        var canvas = canvas(2000, 40)
        #expect(canvas.textScale == 5)
        canvas.label(
            String(repeating: "word ", count: 200),
            for: PixelBox(left: 0, top: 0, right: 9, bottom: 9), red)
        #expect(!changed(canvas).isEmpty)
        var tiny = self.canvas(3, 3)
        tiny.label("name", for: PixelBox(left: 0, top: 0, right: 3, bottom: 3), red)
        #expect(tiny.size.width == 3)
    }

    @Test func everyPrintableCharacterHasItsOwnGlyph() {
        var drawings: Set<[UInt8]> = []
        for code in UInt8(32)...126 {
            var canvas = canvas(8, 9)
            canvas.write(
                String(UnicodeScalar(code)), atX: 1, y: 1, .black, scale: 1)
            drawings.insert(canvas.image.bytes)
        }
        #expect(drawings.count == 95)
    }

    @Test func digestsMatchTheStandard() {
        func digest(_ text: String) -> String { Array(text.utf8).withUnsafeBytes(SHA256.hexDigest) }
        #expect(
            digest("")
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            digest("abc")
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }
}
