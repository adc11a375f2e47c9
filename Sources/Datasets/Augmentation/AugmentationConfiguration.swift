/// Which augmentations a training run draws, and how strongly.
///
/// Probabilities are 0 to 1; lists of two are a lower and an upper bound. The defaults are those
/// that detectors trained from random weights commonly use (Ultralytics, mmyolo).
public struct AugmentationConfiguration: Hashable, Sendable, Codable {
    /// Probability of a mirror image left to right.
    public var horizontalFlip = 0.5
    /// Probability of a mirror image top to bottom.
    public var verticalFlip = 0.0
    /// Probability of a turn by 90, 180 or 270 degrees, each as likely.
    public var quarterTurn = 0.0
    /// Bounds of the size of the image, relative to its fit into the input.
    public var scale = [0.5, 1.5]
    /// Bounds of width over height of the image, relative to the original.
    public var aspect = [1.0, 1.0]
    /// Largest shift, as a part of the input's width and height.
    public var translation = 0.1
    /// Largest turn in degrees, to either side.
    public var rotation = 0.0
    /// Largest shear angle in degrees, to either side, along each axis.
    public var shear = 0.0
    /// Probability of a random window instead of scale and translation; not in mosaics.
    public var crop = 0.0
    /// Bounds of the window's area, as a part of the image's.
    public var cropArea = [0.3, 1.0]
    /// Largest change of brightness: factors are `1 - b` to `1 + b`.
    public var brightness = 0.4
    /// Largest change of contrast: factors are `1 - c` to `1 + c`.
    public var contrast = 0.0
    /// Largest change of saturation: factors are `1 - s` to `1 + s`.
    public var saturation = 0.7
    /// Largest turn of the hue, in whole turns, to either side.
    public var hue = 0.015
    /// Probability of a mosaic of four images.
    public var mosaic = 1.0
    /// Part of the run after which no more mosaics are drawn.
    public var mosaicUntil = 0.9
    /// Longer sides of the input to choose from, batch by batch; empty keeps the size.
    public var multiScale: [Int] = []
    /// Which boxes are still objects afterwards.
    public var boxRule = BoxRule()

    /// Makes the defaults.
    public init() {}

    /// The configuration that leaves images as they are, fitted into the input.
    public static var none: AugmentationConfiguration {
        var configuration = AugmentationConfiguration()
        configuration.horizontalFlip = 0
        configuration.scale = [1, 1]
        configuration.translation = 0
        configuration.brightness = 0
        configuration.saturation = 0
        configuration.hue = 0
        configuration.mosaic = 0
        return configuration
    }

    /// Checks the ranges of all fields.
    ///
    /// - Throws: `DatasetError` naming the field.
    public func validate() throws(DatasetError) {
        let parts = [
            ("horizontal_flip", horizontalFlip), ("vertical_flip", verticalFlip),
            ("quarter_turn", quarterTurn), ("crop", crop), ("mosaic", mosaic),
            ("mosaic_until", mosaicUntil), ("translation", translation),
            ("brightness", brightness), ("contrast", contrast), ("saturation", saturation),
        ]
        for (name, value) in parts {
            try DatasetError.check((0...1).contains(value), name, "from 0 to 1", "\(value)")
        }
        try DatasetError.check((0...0.5).contains(hue), "hue", "from 0 to 0.5", "\(hue)")
        try DatasetError.check(
            (0...180).contains(rotation), "rotation", "from 0 to 180", "\(rotation)")
        try DatasetError.check((0...45).contains(shear), "shear", "from 0 to 45", "\(shear)")
        try Self.checkBounds(scale, "scale", within: 0.01...100)
        try Self.checkBounds(aspect, "aspect", within: 0.1...10)
        try Self.checkBounds(cropArea, "crop_area", within: 0.01...1)
        for side in multiScale {
            try DatasetError.check(
                (32...16_384).contains(side), "multi_scale", "of sides from 32 to 16384", "\(side)")
        }
        try boxRule.validate()
    }

    private static func checkBounds(
        _ bounds: [Double], _ name: String, within range: ClosedRange<Double>
    ) throws(DatasetError) {
        let isRange =
            bounds.count == 2 && bounds.allSatisfy(range.contains) && bounds[0] <= bounds[1]
        try DatasetError.check(
            isRange, name,
            "of two numbers from \(range.lowerBound) to \(range.upperBound), the lower one first",
            "\(bounds)")
    }
}
