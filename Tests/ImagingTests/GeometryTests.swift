import Foundation
import Imaging
import Testing

@Suite struct GeometryTests {
    private let turn = AffineMap(xx: 0.9, xy: 0.5, dx: -4, yx: -0.5, yy: 0.9, dy: 11)

    @Test func mapAndInverseCancel() throws {
        let back = try #require(turn.inverse)
        let point = turn.then(back)(PixelPoint(x: 12.5, y: -3))
        #expect(abs(point.x - 12.5) < 1e-12 && abs(point.y + 3) < 1e-12)
        #expect(AffineMap.scale(x: 0, y: 1).inverse == nil)
    }

    @Test func thenAppliesInOrder() {
        let next = AffineMap.scale(x: 2, y: 3, dx: 1, dy: -1)
        let point = PixelPoint(x: 4, y: 5)
        let both = turn.then(next)(point)
        let each = next(turn(point))
        #expect(abs(both.x - each.x) < 1e-12 && abs(both.y - each.y) < 1e-12)
    }

    @Test func cropBeyondTheImageHasTheFill() {
        let image = Sample.image(width: 8, height: 6, channels: 3)
        let cropped = image.cropped(to: PixelRect(x: -3, y: 2, width: 9, height: 7), fill: 5)
        for index in cropped.bytes.indices {
            let (x, y) = (index / 3 % 9 - 3, index / 27 + 2)
            let isInside = (0..<8).contains(x) && (0..<6).contains(y)
            let wanted = isInside ? image.bytes[(y * 8 + x) * 3 + index % 3] : 5
            #expect(cropped.bytes[index] == wanted)
        }
    }

    @Test(arguments: [Letterbox.Alignment.center, .topLeft])
    func letterboxMapsCornersIntoTheFrame(alignment: Letterbox.Alignment) {
        let source = ImageSize(width: 333, height: 100)
        let box = Letterbox(
            source, into: ImageSize(width: 160, height: 160), alignment: alignment)
        #expect(box.scaled == ImageSize(width: 160, height: 48))
        let corner = box.map(PixelPoint(x: 333, y: 100))
        #expect(abs(corner.x - 160) < 1e-9)
        #expect(abs(corner.y - (alignment == .center ? 104 : 48)) < 1e-9)
    }
}
