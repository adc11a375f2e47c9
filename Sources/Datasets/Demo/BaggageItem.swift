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
            case .bottle: Self.bottleParts(level: random.between(-0.12, 0.08))
            case .scissors: Self.scissorsParts(opening: random.between(0.5, 0.9))
            case .wrench: Self.wrenchParts()
            }
        let thickness = random.between(0.8, 1.25)
        let girth = random.between(0.9, 1.15)
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
        case .knife: 0.48...0.66
        case .pistol: 0.38...0.52
        case .bottle: 0.46...0.62
        case .scissors: 0.44...0.60
        case .wrench: 0.46...0.62
        }
    }

    private static func knifeParts() -> [XRayPart] {
        let blade = Outline.ring([
            -0.08, -0.07, 0.34, -0.07, 0.44, -0.045, 0.50, 0.01, 0.44, 0.07, 0.30, 0.105,
            -0.08, 0.105,
        ])
        let handle = Outline.ring([
            -0.50, -0.05, -0.46, -0.08, -0.28, -0.06, -0.07, -0.075, -0.07, 0.06, -0.26, 0.045,
            -0.44, 0.08, -0.50, 0.06,
        ])
        let rivets = [-0.38, -0.27, -0.16].map { x in
            XRayPart(
                rings: [Outline.circle(x: x, y: -0.008, radius: 0.02)], material: .steel,
                thickness: 0.6, isOutline: false)
        }
        return [
            XRayPart(rings: [blade], material: .steel, thickness: 0.5),
            XRayPart(rings: [handle], material: .plastic, thickness: 1.7),
        ] + rivets
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
        let outside = Outline.ring([
            -0.50, -0.15, -0.47, -0.18, 0.12, -0.18, 0.21, -0.15, 0.29, -0.075, 0.43, -0.065,
            0.43, 0.065, 0.29, 0.075, 0.21, 0.15, 0.12, 0.18, -0.47, 0.18, -0.50, 0.15,
        ])
        let inside = Outline.ring([
            -0.46, -0.13, -0.44, -0.145, 0.10, -0.145, 0.18, -0.125, 0.26, -0.05, 0.43, -0.035,
            0.43, 0.035, 0.26, 0.05, 0.18, 0.125, 0.10, 0.145, -0.44, 0.145, -0.46, 0.13,
        ])
        let cap = Outline.rectangle(0.40, -0.085, 0.50, 0.085)
        let liquid = Outline.rectangle(-0.46, -0.145, level, 0.145)
        return [
            // Rays along the wall pass through more glass than those across it.
            XRayPart(rings: [outside, inside], material: .glass, thickness: 0.9),
            XRayPart(rings: [inside], material: .glass, thickness: 0.25),
            XRayPart(rings: [cap], material: .aluminium, thickness: 0.9),
            XRayPart(
                rings: [liquid], material: .water, thickness: 1.9,
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
                -0.24, -0.04, 0.0, -0.055, 0.46, -0.012, 0.46, 0.016, 0.0, 0.045, -0.24, 0.035,
            ])
            let handle = (x: -0.36, y: -0.02)
            func circle(_ radius: Double) -> [PixelPoint] {
                placed(Outline.circle(x: handle.x, y: handle.y, radius: radius))
            }
            return [
                XRayPart(rings: [placed(blade)], material: .steel, thickness: 0.5),
                XRayPart(
                    rings: [circle(0.155), circle(0.09)], material: .plastic, thickness: 2.2),
            ]
        }
    }

    private static func wrenchParts() -> [XRayPart] {
        let shaft = Outline.ring([-0.30, -0.05, 0.28, -0.06, 0.28, 0.06, -0.30, 0.05])
        let ring = Outline.circle(x: -0.37, y: 0, radius: 0.13)
        let hole = Outline.circle(x: -0.37, y: 0, radius: 0.065)
        // The jaw opens by 15 degrees to the side, as on real ones.
        let slot = Outline.turned(
            Outline.ring([0.5, -0.065, -0.03, -0.065, -0.065, 0, -0.03, 0.065, 0.5, 0.065]),
            by: 0.26)
        let head = Outline.arc(
            x: 0, y: 0, radius: 0.17, from: 0.26 + 0.42, to: 0.26 + 2 * .pi - 0.38, steps: 18)
        let jaw = (head + slot[1...3]).map { PixelPoint(x: $0.x + 0.34, y: $0.y) }
        return [
            XRayPart(rings: [shaft], material: .steel, thickness: 1.1),
            XRayPart(rings: [ring, hole], material: .steel, thickness: 1.1),
            XRayPart(rings: [jaw], material: .steel, thickness: 1.1),
        ]
    }
}

extension RandomGenerator {
    /// A number between two bounds.
    mutating func between(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * uniformDouble()
    }
}
