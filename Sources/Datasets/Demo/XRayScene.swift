import Foundation
import Imaging
import Tensors

/// The attenuation along each ray of a picture.
///
/// Attenuation adds up along a ray, so that the light of overlapping objects multiplies
/// (Beer and Lambert): `I = I0 exp(-sum of thickness times coefficient)`, once for each energy.
struct XRayScene {
    let size: ImageSize
    private var low: [Float]
    private var high: [Float]

    /// Photons a pixel that reach the detector where nothing is in their way.
    private static let photons: Float = 9000

    init(size: ImageSize) {
        self.size = size
        low = [Float](repeating: 0, count: size.width * size.height)
        high = low
    }

    /// Puts a part into the rays.
    ///
    /// - Parameters:
    ///   - part: In its own coordinates.
    ///   - placement: From there to pixels.
    mutating func add(_ part: XRayPart, _ placement: AffineMap) {
        guard let back = placement.inverse else { return }
        let rings = part.rings.map { ring in ring.map { placement($0) } }
        for row in PolygonCoverage(rings, in: size).rows {
            for (offset, coverage) in row.coverage.enumerated() where coverage > 0 {
                let x = row.x + offset
                let point = back(PixelPoint(x: Double(x) + 0.5, y: Double(row.y) + 0.5))
                let factor = part.profile.factor(x: point.x, y: point.y)
                let thickness = coverage * Float(part.thickness * factor)
                low[row.y * size.width + x] += thickness * part.material.low
                high[row.y * size.width + x] += thickness * part.material.high
            }
        }
    }

    /// Adds the noise of counting photons to both measurements.
    ///
    /// The logarithm of a count of mean `N` has a deviation of about `1 / sqrt(N)`.
    mutating func addNoise(_ random: inout RandomGenerator) {
        for index in low.indices {
            low[index] += random.normal() * (exp(low[index]) / Self.photons).squareRoot()
            high[index] += random.normal() * (exp(high[index]) / Self.photons).squareRoot()
        }
    }

    /// The picture that a screener sees: hue by material, darkness by attenuation; 8 bits.
    func coloredImage() -> Image {
        var bytes = [UInt8](repeating: 0, count: low.count * 3)
        for index in low.indices {
            let density = max(high[index], 0)
            let absorption = Self.absorption(low: max(low[index], 0), high: density)
            for channel in 0..<3 {
                let light = exp(-density * absorption[channel])
                bytes[index * 3 + channel] = UInt8(min(max(light * 255, 0), 255))
            }
        }
        return Image(width: size.width, height: size.height, channels: 3, bytes: bytes)
    }

    /// What the detector of the higher energy measures: one channel of 16 bits.
    func rawImage() -> Image {
        let words = high.map { UInt16(min(max(exp(-$0) * 60_000, 0), 65_535)) }
        return Image(width: size.width, height: size.height, channels: 1, storage: .words(words))
    }

    /// How strongly red, green and blue are darkened, by the ratio of the two energies.
    private static func absorption(low: Float, high: Float) -> SIMD3<Float> {
        let orange = SIMD3<Float>(0.20, 0.80, 2.40)
        let green = SIMD3<Float>(1.60, 0.50, 1.80)
        let blue = SIMD3<Float>(2.30, 1.25, 0.45)
        // Where next to nothing is in the way the ratio is noise: it is drawn to that of cloth.
        let ratio = (low + 0.072) / (high + 0.06)
        if ratio < 1.6 {
            let share = min(max((ratio - 1.25) / 0.35, 0), 1)
            return orange + (green - orange) * share
        }
        let share = min((ratio - 1.6) / 0.6, 1)
        return green + (blue - green) * share
    }
}
