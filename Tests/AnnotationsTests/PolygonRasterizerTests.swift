import Annotations
import JSONText
import Testing

@Suite struct PolygonRasterizerTests {
    @Test func masksEqualTheReference() throws {
        let examples = try RunLengthGoldens.cases("polygons")
        #expect(examples.count == 258)
        for example in examples {
            let polygons = example["segmentation"]?.array?.map(\.numbers) ?? []
            let rasterizer = try PolygonRasterizer(
                height: example.count("h"), width: example.count("w"))
            let mask = try rasterizer.mask(of: polygons)
            #expect(mask.counts == example["counts"]?.runs, "\(polygons)")
            #expect(mask.text == example.text("string"))
            #expect(mask.area == example.count("area"))
            #expect(mask.box.list == example["bbox"]?.numbers)
            if let parts = example["part_strings"]?.texts, !parts.isEmpty {
                #expect(try polygons.map { try rasterizer.mask(of: $0).text } == parts)
            }
        }
    }

    @Test func wholePixelBoxFillsItsPixels() throws {
        let mask = try PolygonRasterizer(height: 6, width: 8).mask(of: [2, 1, 2, 4, 5, 4, 5, 1])
        let inside = (0..<48).map { UInt8((2..<5) ~= $0 % 8 && (1..<4) ~= $0 / 8 ? 1 : 0) }
        #expect(mask.pixels == inside)
    }

    @Test(arguments: [[], [1], [1, 1], [0, 0, 5, 5], [0, 0, 5, 5, 3]] as [[Double]])
    func fewerThanThreePointsAreEmpty(polygon: [Double]) throws {
        let mask = try PolygonRasterizer(height: 6, width: 8).mask(of: [polygon])
        #expect(mask.counts == [48])
        #expect(COCOSegmentation.polygons([polygon]).isWithoutOutline)
    }

    @Test(arguments: [Double.nan, .infinity, -1e10, 1e300])
    func absurdCoordinateIsRefused(value: Double) {
        #expect(throws: RunLengthError.self) {
            try PolygonRasterizer(height: 6, width: 8).mask(of: [0, 0, value, 1, 2, 2])
        }
    }
}
