import Foundation

/// A linear map of colours with samples from 0 to 255: `v' = M v + offset`.
///
/// As geometry, the colour changes of an augmentation compose into one map that is applied once;
/// what leaves 0 to 255 is cut off at the end only.
struct ColorMap: Hashable, Sendable {
    /// Three rows of three: the share of red, green and blue in each result.
    private(set) var rows: [SIMD3<Double>]
    private(set) var offset: SIMD3<Double>

    static let identity = ColorMap(rows: [[1, 0, 0], [0, 1, 0], [0, 0, 1]])

    /// Shares of the channels in luminance, as the matrices of the W3C's Filter Effects have them.
    private static let luminance = SIMD3<Double>(0.213, 0.715, 0.072)

    private init(rows: [SIMD3<Double>], offset: SIMD3<Double> = .zero) {
        self.rows = rows
        self.offset = offset
    }

    /// All samples times a factor.
    static func brightness(_ factor: Double) -> ColorMap {
        ColorMap(rows: identity.rows.map { $0 * factor })
    }

    /// All distances from a middle grey times a factor.
    ///
    /// - Parameters:
    ///   - factor: 1 changes nothing.
    ///   - middle: The grey that stays, 0 to 255.
    /// - Returns: The map.
    static func contrast(_ factor: Double, middle: Double) -> ColorMap {
        ColorMap(
            rows: identity.rows.map { $0 * factor },
            offset: SIMD3(repeating: (1 - factor) * middle))
    }

    /// All distances from the grey of equal luminance times a factor.
    static func saturation(_ factor: Double) -> ColorMap {
        ColorMap(rows: identity.rows.map { luminance * (1 - factor) + $0 * factor })
    }

    /// A turn of the hue that keeps greys and luminance.
    ///
    /// `M = L + cos(a) (1 - L) + sin(a) S` with the matrices of Filter Effects Module Level 1,
    /// section 9.6.
    ///
    /// - Parameter turns: The angle in whole turns.
    /// - Returns: The map.
    static func hue(turns: Double) -> ColorMap {
        let sine: [SIMD3<Double>] = [
            [-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072],
        ]
        let angle = 2 * Double.pi * turns
        return ColorMap(
            rows: zip(identity.rows, sine).map { unit, sine in
                let chroma = (unit - luminance) * cos(angle)
                return luminance + chroma + sine * sin(angle)
            })
    }

    /// The map that applies `self` first and `next` afterwards.
    func then(_ next: ColorMap) -> ColorMap {
        ColorMap(
            rows: next.rows.map { row in
                rows[0] * row[0] + rows[1] * row[1] + rows[2] * row[2]
            },
            offset: next.applied(to: offset))
    }

    /// The map's value for a colour.
    func applied(to color: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(
            (rows[0] * color).sum(), (rows[1] * color).sum(), (rows[2] * color).sum()) + offset
    }
}

/// The colour changes drawn for one sample.
public struct ColorChange: Hashable, Sendable {
    /// Factor of all samples.
    public var brightness = 1.0
    /// Factor of the distances from the image's mean.
    public var contrast = 1.0
    /// Factor of the distances from grey.
    public var saturation = 1.0
    /// Turn of the hue, in whole turns.
    public var hue = 0.0

    /// Makes the change that changes nothing.
    public init() {}

    /// The one map of all four, in the order hue, saturation, contrast, brightness.
    ///
    /// - Parameter mean: Mean sample of the image, which contrast keeps.
    /// - Returns: The map.
    func map(mean: Double) -> ColorMap {
        guard self != ColorChange() else { return .identity }
        return ColorMap.hue(turns: hue)
            .then(.saturation(saturation))
            .then(.contrast(contrast, middle: mean))
            .then(.brightness(brightness))
    }
}
