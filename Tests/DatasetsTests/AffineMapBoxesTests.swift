import Imaging
import Testing

@testable import Datasets

@Suite struct AffineMapBoxesTests {
    private let box = BoxXYXY(x0: 3, y0: 5, x1: 20, y1: 11)

    @Test func mirroringTwiceGivesTheBoxBack() {
        let mirror = AffineMap.scale(x: -1, y: 1, dx: 64, dy: 0)
        #expect(mirror(box) == BoxXYXY(x0: 44, y0: 5, x1: 61, y1: 11))
        #expect(mirror(mirror(box)) == box)
        #expect(mirror.then(mirror) == .identity)
    }

    @Test func quarterTurnExchangesTheSides() {
        let turned = AffineMap.rotation(.pi / 2)(box)
        #expect(abs(turned.width - box.height) < 1e-5)
        #expect(abs(turned.height - box.width) < 1e-5)
    }

    @Test func inverseLeadsBoxesBack() throws {
        let map = AffineMap.shift(x: -7, y: 3).then(.scale(x: 2.5, y: -0.75))
        let inverse = try #require(map.inverse)
        let back = inverse(map(box))
        #expect(abs(back.x0 - box.x0) < 1e-4 && abs(back.y1 - box.y1) < 1e-4)
    }

    @Test func meanScaleIsTheRootOfTheChangeOfArea() {
        #expect(AffineMap.scale(x: 2, y: -8).meanScale == 4)
        #expect(abs(AffineMap.rotation(0.7).meanScale - 1) < 1e-12)
    }
}
