import Imaging

/// How strongly a material attenuates X-rays of two energies, for a thickness of 1.
///
/// What tells materials apart is the ratio of the two: about 1.2 for organic matter, 1.6 for glass
/// and aluminium, 2.5 for steel, which scanners show as orange, green and blue.
struct XRayMaterial: Hashable, Sendable {
    let low: Float
    let high: Float

    static let cloth = XRayMaterial(low: 0.34, high: 0.29)
    static let plastic = XRayMaterial(low: 0.55, high: 0.46)
    static let water = XRayMaterial(low: 0.72, high: 0.60)
    static let glass = XRayMaterial(low: 1.00, high: 0.64)
    static let aluminium = XRayMaterial(low: 1.36, high: 0.85)
    static let steel = XRayMaterial(low: 3.60, high: 1.45)
}

/// How the thickness of a part varies across it, in the part's own coordinates.
enum ThicknessProfile: Hashable, Sendable {
    /// The same everywhere.
    case flat
    /// A lying cylinder around the x axis; the radius is in the part's units.
    case cylinder(radius: Double)
    /// A ball around the origin; the radius is in the part's units.
    case ball(radius: Double)

    /// Thickness relative to its largest, 0 to 1.
    func factor(x: Double, y: Double) -> Double {
        switch self {
        case .flat: 1
        case .cylinder(let radius): max(0, 1 - (y / radius) * (y / radius)).squareRoot()
        case .ball(let radius): max(0, 1 - (x * x + y * y) / (radius * radius)).squareRoot()
        }
    }
}

/// A piece of one material with an outline.
struct XRayPart: Sendable {
    /// The outer ring, and holes in it.
    var rings: [[PixelPoint]]
    var material: XRayMaterial
    /// Thickness where it is largest; 1 is that of `XRayMaterial`.
    var thickness: Double
    var profile = ThicknessProfile.flat
    /// Whether the ring belongs to the silhouette of the object.
    var isOutline = true
}
