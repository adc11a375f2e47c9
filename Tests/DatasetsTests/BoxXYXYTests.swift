import Annotations
import Imaging
import Testing

@testable import Datasets

@Suite struct BoxXYXYTests {
    private let size = ImageSize(width: 100, height: 50)

    @Test func sizesBecomeEdgesAndSizesAgain() {
        let xywh = BoxXYWH(x: 3, y: 4, width: 10, height: 20)
        #expect(BoxXYXY(xywh) == BoxXYXY(x0: 3, y0: 4, x1: 13, y1: 24))
        #expect(BoxXYXY(xywh).xywh == xywh)
    }

    @Test func clippingKeepsThePartInside() {
        let box = BoxXYXY(x0: -5, y0: 40, x1: 30, y1: 90)
        #expect(box.clipped(to: size) == BoxXYXY(x0: 0, y0: 40, x1: 30, y1: 50))
        #expect(BoxXYXY(x0: 120, y0: 0, x1: 130, y1: 9).clipped(to: size).area == 0)
    }

    @Test(arguments: [
        (BoxXYXY(x0: 0, y0: 0, x1: 3, y1: 3), true),
        (BoxXYXY(x0: 0, y0: 0, x1: 2, y1: 9), false),  // 2 pixels are not above 2
        (BoxXYXY(x0: -90, y0: 0, x1: 9, y1: 9), false),  // a tenth at most is inside
        (BoxXYXY(x0: -9, y0: 0, x1: 9, y1: 9), true),
        (BoxXYXY(x0: 0, y0: 0, x1: 100, y1: 2.5), true),
        (BoxXYXY(x0: 0, y0: 0, x1: 1000, y1: 9), false),  // a tenth at most is inside
    ])
    func ruleKeepsVisibleObjects(box: BoxXYXY, isKept: Bool) {
        #expect(BoxRule().keeps(box.clipped(to: size), of: box) == isKept)
    }

    @Test func ruleDropsSlivers() {
        let sliver = BoxXYXY(x0: 0, y0: 0, x1: 300, y1: 2.5)
        #expect(!BoxRule().keeps(sliver, of: sliver))
    }
}
