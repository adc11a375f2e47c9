import Imaging
import Tensors

/// The classes of the demo set, in the order of their category ids, which begin at 1.
enum BaggageItem: Int, CaseIterable, Sendable {
    case knife = 1
    case pistol
    case bottle
    case scissors
    case wrench

    /// The name of the category.
    var name: String {
        switch self {
        case .knife: "knife"
        case .pistol: "pistol"
        case .bottle: "bottle"
        case .scissors: "scissors"
        case .wrench: "wrench"
        }
    }

    /// Draws one specimen.
    ///
    /// - Parameter random: Decides proportions and thickness.
    /// - Returns: Parts in a frame of unit length along x, the origin near the middle.
    func parts(_ random: inout RandomGenerator) -> [XRayPart] {
        var parts =
            switch self {
            case .knife: Self.knifeParts()
            case .pistol: Self.pistolParts()
            case .bottle: Self.bottleParts(level: random.between(-0.1, 0.18))
            case .scissors: Self.scissorsParts(opening: random.between(0.25, 0.85))
            case .wrench: Self.wrenchParts()
            }
        let thickness = random.between(0.75, 1.3)
        let girth = random.between(0.85, 1.2)
        for index in parts.indices {
            parts[index].thickness *= thickness
            parts[index].rings = parts[index].rings.map { ring in
                ring.map { PixelPoint(x: $0.x, y: $0.y * girth) }
            }
        }
        return parts
    }

    /// Length relative to the shorter side of the picture, smallest and largest.
    var lengths: ClosedRange<Double> {
        switch self {
        case .knife: 0.40...0.62
        case .pistol: 0.34...0.50
        case .bottle: 0.40...0.58
        case .scissors: 0.36...0.52
        case .wrench: 0.38...0.58
        }
    }

    private static func knifeParts() -> [XRayPart] {
        let blade = Outline.ring([
            -0.04, -0.05, 0.30, -0.05, 0.40, -0.035, 0.47, -0.01, 0.50, 0.02, 0.44, 0.045,
            0.30, 0.058, -0.04, 0.058,
        ])
        let handle = Outline.ring([
            -0.50, -0.02, -0.47, -0.05, -0.25, -0.04, -0.03, -0.055, -0.03, 0.062, -0.25, 0.045,
            -0.45, 0.068, -0.50, 0.045,
        ])
        let tang = Outline.rectangle(-0.44, -0.015, -0.03, 0.025)
        return [
            XRayPart(rings: [blade], material: .steel, thickness: 0.55),
            XRayPart(rings: [handle], material: .plastic, thickness: 1.1),
            XRayPart(rings: [tang], material: .steel, thickness: 0.3, isOutline: false),
        ]
    }

    private static func pistolParts() -> [XRayPart] {
        let slide = Outline.ring([
            -0.48, -0.30, 0.47, -0.30, 0.50, -0.27, 0.50, -0.11, -0.50, -0.11,
        ])
        let frame = Outline.ring([
            -0.46, -0.12, 0.42, -0.12, 0.42, -0.04, -0.12, -0.02, -0.20, 0.0, -0.46, 0.0,
        ])
        let grip = Outline.ring([-0.47, -0.06, -0.15, -0.06, -0.26, 0.38, -0.54, 0.36])
        let magazine = Outline.ring([-0.38, -0.04, -0.22, -0.04, -0.32, 0.36, -0.47, 0.35])
        let guardOuter = Outline.ring([
            -0.17, -0.05, 0.12, -0.05, 0.10, 0.09, 0.04, 0.13, -0.20, 0.13,
        ])
        let guardInner = Outline.ring([
            -0.13, -0.01, 0.08, -0.02, 0.07, 0.07, 0.03, 0.09, -0.16, 0.09,
        ])
        return [
            XRayPart(rings: [slide], material: .steel, thickness: 0.9),
            XRayPart(
                rings: [Outline.rectangle(-0.15, -0.24, 0.50, -0.17)], material: .steel,
                thickness: 0.5, isOutline: false),
            XRayPart(rings: [frame], material: .steel, thickness: 0.6),
            XRayPart(rings: [grip], material: .plastic, thickness: 1.1),
            XRayPart(rings: [magazine], material: .steel, thickness: 0.55, isOutline: false),
            XRayPart(rings: [guardOuter, guardInner], material: .steel, thickness: 0.45),
        ]
    }

    private static func bottleParts(level: Double) -> [XRayPart] {
        let wall = Outline.ring([
            -0.50, -0.13, -0.47, -0.16, 0.16, -0.16, 0.25, -0.13, 0.32, -0.065, 0.43, -0.055,
            0.43, 0.055, 0.32, 0.065, 0.25, 0.13, 0.16, 0.16, -0.47, 0.16, -0.50, 0.13,
        ])
        let cap = Outline.rectangle(0.41, -0.075, 0.50, 0.075)
        let liquid = Outline.rectangle(-0.48, -0.145, level, 0.145)
        return [
            XRayPart(rings: [wall], material: .glass, thickness: 0.16),
            XRayPart(rings: [cap], material: .aluminium, thickness: 0.5),
            XRayPart(
                rings: [liquid], material: .water, thickness: 1.7,
                profile: .cylinder(radius: 0.18), isOutline: false),
        ]
    }

    private static func scissorsParts(opening: Double) -> [XRayPart] {
        [1.0, -1.0].flatMap { side -> [XRayPart] in
            func placed(_ ring: [PixelPoint]) -> [PixelPoint] {
                let moved = Outline.turned(
                    ring.map { PixelPoint(x: $0.x, y: $0.y * side) }, by: side * opening / 2)
                return moved.map { PixelPoint(x: $0.x + 0.04, y: $0.y) }
            }
            let blade = Outline.ring([
                -0.26, -0.03, 0.0, -0.04, 0.46, -0.012, 0.46, 0.012, 0.0, 0.032, -0.26, 0.025,
            ])
            let outer = Outline.circle(x: -0.37, y: -0.02, radius: 0.13)
            let inner = Outline.circle(x: -0.37, y: -0.02, radius: 0.085)
            return [
                XRayPart(rings: [placed(blade)], material: .steel, thickness: 0.55),
                XRayPart(
                    rings: [placed(outer), placed(inner)], material: .plastic, thickness: 1.5),
                XRayPart(
                    rings: [
                        placed(Outline.circle(x: -0.37, y: -0.02, radius: 0.115)),
                        placed(Outline.circle(x: -0.37, y: -0.02, radius: 0.098)),
                    ], material: .steel, thickness: 0.5, isOutline: false),
            ]
        }
    }

    private static func wrenchParts() -> [XRayPart] {
        let shaft = Outline.ring([-0.36, -0.035, 0.32, -0.042, 0.32, 0.042, -0.36, 0.035])
        let ring = Outline.circle(x: -0.40, y: 0, radius: 0.10)
        let hole = Outline.circle(x: -0.40, y: 0, radius: 0.055)
        // The jaw opens by 15 degrees to the side, as on real ones.
        let slot = Outline.turned(
            Outline.ring([0.5, -0.048, -0.02, -0.048, -0.045, 0, -0.02, 0.048, 0.5, 0.048]),
            by: 0.26)
        let head = Outline.arc(
            x: 0, y: 0, radius: 0.125, from: 0.26 + 0.42, to: 0.26 + 2 * .pi - 0.38, steps: 18)
        let jaw = (head + slot[1...3]).map { PixelPoint(x: $0.x + 0.38, y: $0.y) }
        return [
            XRayPart(rings: [shaft], material: .steel, thickness: 0.9),
            XRayPart(rings: [ring, hole], material: .steel, thickness: 0.9),
            XRayPart(rings: [jaw], material: .steel, thickness: 0.9),
        ]
    }
}

extension RandomGenerator {
    /// A number between two bounds.
    mutating func between(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * uniformDouble()
    }
}
