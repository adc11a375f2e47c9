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

    @Test(arguments: [1, 3, 4]) func identityWarpKeepsEveryPixel(channels: Int) {
        let image = Sample.image(width: 19, height: 14, channels: channels)
        for method in [Interpolation.nearest, .bilinear] {
            #expect(image.warped(by: .identity, to: image.size, method) == image)
        }
    }

    @Test func shiftUncoversTheFill() {
        let image = Sample.image(width: 8, height: 6, channels: 3)
        let moved = image.warped(
            by: .scale(x: 1, y: 1, dx: 3, dy: -2), to: image.size, fill: [1, 2, 3])
        let cropped = image.cropped(to: PixelRect(x: -3, y: 2, width: 8, height: 6))
        for index in moved.bytes.indices {
            let (x, y) = (index / 3 % 8, index / 24)
            let wanted = x >= 3 && y < 4 ? cropped.bytes[index] : UInt8(index % 3 + 1)
            #expect(moved.bytes[index] == wanted)
        }
    }

    @Test func warpMatchesTheFormula() throws {
        let image = Sample.image(width: 31, height: 22, channels: 3)
        let size = ImageSize(width: 36, height: 30)
        let warped = image.warped(by: turn, to: size, fill: [10, 20, 30])
        let back = try #require(turn.inverse)
        func sample(_ x: Int, _ y: Int, _ channel: Int) -> Double {
            guard (0..<31).contains(x), (0..<22).contains(y) else { return [10, 20, 30][channel] }
            return Double(image.bytes[(y * 31 + x) * 3 + channel])
        }
        for y in 0..<size.height {
            for x in 0..<size.width {
                let from = back(PixelPoint(x: Double(x) + 0.5, y: Double(y) + 0.5))
                let (left, top) = (floor(from.x - 0.5), floor(from.y - 0.5))
                let (right, down) = (from.x - 0.5 - left, from.y - 0.5 - top)
                for channel in 0..<3 {
                    let (column, row) = (Int(left), Int(top))
                    let upper =
                        sample(column, row, channel) * (1 - right)
                        + sample(column + 1, row, channel) * right
                    let lower =
                        sample(column, row + 1, channel) * (1 - right)
                        + sample(column + 1, row + 1, channel) * right
                    let wanted = upper * (1 - down) + lower * down
                    let got = Double(warped.bytes[(y * size.width + x) * 3 + channel])
                    // Positions are rounded to 1/256 pixel, at steps of up to 255 levels.
                    #expect(abs(got - wanted) < 2.6)
                }
            }
        }
    }

    @Test func strongReductionAveragesAllPixels() {
        var bytes = [UInt8](repeating: 0, count: 64 * 64)
        for index in bytes.indices where (index % 64 + index / 64) % 2 == 0 { bytes[index] = 255 }
        let checks = Image(width: 64, height: 64, channels: 1, bytes: bytes)
        let small = checks.warped(
            by: .scale(x: 0.25, y: 0.25), to: ImageSize(width: 16, height: 16))
        #expect(small.bytes.allSatisfy { abs(Int($0) - 128) <= 1 })
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

    @Test func letterboxedImageHasBordersOfTheFill() {
        let image = Image(width: 20, height: 10, color: .white)
        let box = Letterbox(image.size, into: ImageSize(width: 16, height: 16))
        let framed = image.letterboxed(box, fill: 7)
        #expect(framed.size == box.frame)
        for y in 0..<16 {
            #expect(framed.bytes[y * 48] == ((4..<12).contains(y) ? 255 : 7))
        }
    }

    @Test func flipsMirror() {
        let image = Sample.image(width: 6, height: 4, channels: 1)
        #expect(image.flippedHorizontally().bytes[0] == image.bytes[5])
        #expect(image.flippedVertically().bytes[0] == image.bytes[18])
        #expect(image.flippedVertically().flippedVertically() == image)
    }
}
