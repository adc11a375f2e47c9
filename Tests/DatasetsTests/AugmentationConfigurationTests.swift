import Foundation
import Testing

@testable import Datasets

@Suite struct AugmentationConfigurationTests {
    private static let broken: [(String, @Sendable (inout AugmentationConfiguration) -> Void)] = [
        ("horizontal_flip", { $0.horizontalFlip = 1.5 }),
        ("vertical_flip", { $0.verticalFlip = -1 }),
        ("quarter_turn", { $0.quarterTurn = 2 }),
        ("scale", { $0.scale = [1.5, 0.5] }),
        ("scale", { $0.scale = [1] }),
        ("aspect", { $0.aspect = [0, 1] }),
        ("translation", { $0.translation = 2 }),
        ("rotation", { $0.rotation = 200 }),
        ("shear", { $0.shear = 90 }),
        ("crop", { $0.crop = -0.1 }),
        ("crop_area", { $0.cropArea = [0.5, 2] }),
        ("brightness", { $0.brightness = 1.1 }),
        ("contrast", { $0.contrast = -1 }),
        ("saturation", { $0.saturation = .nan }),
        ("hue", { $0.hue = 0.6 }),
        ("mosaic", { $0.mosaic = 3 }),
        ("mosaic_until", { $0.mosaicUntil = -1 }),
        ("multi_scale", { $0.multiScale = [320, 0] }),
        ("box_rule.min_side", { $0.boxRule.minSide = -1 }),
        ("box_rule.min_visible", { $0.boxRule.minVisible = 1 }),
        ("box_rule.max_aspect", { $0.boxRule.maxAspect = 1 }),
    ]

    @Test(arguments: AugmentationConfigurationTests.broken.indices)
    func valuesOutOfRangeNameTheirField(index: Int) {
        let (field, change) = Self.broken[index]
        var configuration = AugmentationConfiguration()
        change(&configuration)
        let error = #expect(throws: DatasetError.self) { try configuration.validate() }
        #expect(error?.place == field)
        #expect(error?.fix.hasPrefix("give a value ") == true)
    }

    @Test func defaultsAndNoneAreValid() {
        #expect(throws: Never.self) {
            try AugmentationConfiguration().validate()
            try AugmentationConfiguration.none.validate()
        }
    }

    @Test func survivesJSON() throws {
        var configuration = AugmentationConfiguration()
        configuration.multiScale = [256, 320]
        configuration.boxRule.minSide = 4
        let data = try JSONEncoder().encode(configuration)
        let read = try JSONDecoder().decode(AugmentationConfiguration.self, from: data)
        #expect(read == configuration)
    }
}
