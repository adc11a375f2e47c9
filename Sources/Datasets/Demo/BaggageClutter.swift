import Foundation
import Imaging
import Tensors

/// A suitcase and the harmless things in it, which carry no annotation.
struct BaggageClutter {
    /// Size of the picture in pixels.
    let size: ImageSize
    /// Pixels for one of a picture of 320 by 240.
    let unit: Double

    init(size: ImageSize) {
        self.size = size
        unit = min(Double(size.width) / 320, Double(size.height) / 240)
    }

    /// Draws the suitcase.
    ///
    /// - Parameters:
    ///   - scene: Gets the walls, rails, wheels and zip.
    ///   - random: Decides its size and kind.
    /// - Returns: The inside of the suitcase in pixels.
    func addSuitcase(to scene: inout XRayScene, _ random: inout RandomGenerator) -> PixelBox {
        let width = Double(size.width) * random.between(0.86, 0.95)
        let height = Double(size.height) * random.between(0.84, 0.94)
        let centre = AffineMap.scale(
            x: 1, y: 1, dx: Double(size.width) / 2 + random.between(-3, 3) * unit,
            dy: Double(size.height) / 2 + random.between(-3, 3) * unit)
        let radius = random.between(12, 34) * unit
        let wall = random.between(3, 6) * unit
        let outer = Outline.rounded(width: width, height: height, radius: radius)
        let inner = Outline.rounded(
            width: width - 2 * wall, height: height - 2 * wall, radius: radius - wall / 2)
        scene.add(
            XRayPart(
                rings: [outer, inner], material: .plastic, thickness: random.between(0.4, 0.9)),
            centre)
        scene.add(
            XRayPart(rings: [outer], material: .cloth, thickness: random.between(0.15, 0.4)), centre
        )
        addRails(width, height, to: &scene, centre, &random)
        addZip(width - wall, height - wall, to: &scene, centre, &random)
        return PixelBox(
            left: centre.dx - width / 2 + wall, top: centre.dy - height / 2 + wall,
            right: centre.dx + width / 2 - wall, bottom: centre.dy + height / 2 - wall)
    }

    /// Draws clothes, books, electronics and small metal things.
    ///
    /// - Parameters:
    ///   - scene: Gets them.
    ///   - inside: Where they lie.
    ///   - random: Decides what there is.
    func addContents(to scene: inout XRayScene, inside: PixelBox, _ random: inout RandomGenerator) {
        for _ in 0..<3 + random.integer(below: 4) {
            add(clothes(&random), to: &scene, inside, &random)
        }
        let makers = [book, board, ball, coin, buckle, rod, cable]
        for _ in 0..<4 + random.integer(below: 6) {
            let parts = makers[random.integer(below: makers.count)](&random)
            add(parts, to: &scene, inside, &random)
        }
    }

    private func add(
        _ parts: [XRayPart], to scene: inout XRayScene, _ inside: PixelBox,
        _ random: inout RandomGenerator
    ) {
        let angle = random.between(0, 2 * .pi)
        let turn = AffineMap(
            xx: cos(angle) * unit, xy: -sin(angle) * unit, dx: 0,
            yx: sin(angle) * unit, yy: cos(angle) * unit, dy: 0)
        guard let placed = PlacedParts(parts, turned: turn, in: inside, &random) else { return }
        placed.add(to: &scene)
    }

    private func addRails(
        _ width: Double, _ height: Double, to scene: inout XRayScene, _ centre: AffineMap,
        _ random: inout RandomGenerator
    ) {
        guard random.integer(below: 2) == 0 else { return }
        let length = width * random.between(0.6, 0.9)
        let half = random.between(2.5, 4.5) * unit
        for side in [-1.0, 1.0] {
            let y = side * height * 0.28
            let rail = Outline.rectangle(-width / 2, y - half, -width / 2 + length, y + half)
            let wheel = Outline.circle(x: width / 2 - 9 * unit, y: y, radius: 7 * unit)
            let axle = Outline.circle(x: width / 2 - 9 * unit, y: y, radius: 2 * unit)
            scene.add(XRayPart(rings: [rail], material: .aluminium, thickness: 0.35), centre)
            scene.add(XRayPart(rings: [wheel], material: .plastic, thickness: 0.9), centre)
            scene.add(XRayPart(rings: [axle], material: .steel, thickness: 1), centre)
        }
    }

    private func addZip(
        _ width: Double, _ height: Double, to scene: inout XRayScene, _ centre: AffineMap,
        _ random: inout RandomGenerator
    ) {
        guard random.integer(below: 2) == 0 else { return }
        let tooth = 0.9 * unit
        for x in stride(from: -width * 0.42, to: width * 0.42, by: 4 * unit) {
            let ring = Outline.rectangle(
                x - tooth, -height / 2 - tooth, x + tooth, -height / 2 + tooth)
            scene.add(XRayPart(rings: [ring], material: .steel, thickness: 0.5), centre)
        }
    }

    private func clothes(_ random: inout RandomGenerator) -> [XRayPart] {
        let phase = random.between(0, 6)
        let waves = Double(2 + random.integer(below: 4))
        let (width, height) = (random.between(30, 90), random.between(20, 60))
        let ring = (0..<40).map { step -> PixelPoint in
            let angle = Double(step) / 40 * 2 * .pi
            let reach = 1 + 0.18 * sin(waves * angle + phase)
            return PixelPoint(x: width * reach * cos(angle), y: height * reach * sin(angle))
        }
        let inner = ring.map { PixelPoint(x: $0.x * 0.8 + 4, y: $0.y * 0.75 - 3) }
        return [
            XRayPart(rings: [ring], material: .cloth, thickness: random.between(0.1, 0.45)),
            XRayPart(rings: [inner], material: .cloth, thickness: random.between(0.05, 0.3)),
        ]
    }

    private func book(_ random: inout RandomGenerator) -> [XRayPart] {
        let (x, y) = (random.between(20, 45), random.between(15, 32))
        return [
            XRayPart(
                rings: [Outline.rectangle(-x, -y, x, y)], material: .cloth,
                thickness: random.between(0.4, 0.9))
        ]
    }

    private func board(_ random: inout RandomGenerator) -> [XRayPart] {
        let (x, y) = (random.between(16, 48), random.between(12, 34))
        var parts = [
            XRayPart(
                rings: [Outline.rectangle(-x, -y, x, y)], material: .glass,
                thickness: random.between(0.3, 0.7))
        ]
        for _ in 0..<6 + random.integer(below: 12) {
            let (left, top) = (random.between(-x, x - 6), random.between(-y, y - 5))
            let chip = Outline.rectangle(
                left, top, left + random.between(2, 6), top + random.between(1.5, 5))
            parts.append(
                XRayPart(rings: [chip], material: .aluminium, thickness: random.between(0.2, 0.9)))
        }
        return parts
    }

    private func ball(_ random: inout RandomGenerator) -> [XRayPart] {
        let radius = random.between(8, 18)
        return [
            XRayPart(
                rings: [Outline.circle(x: 0, y: 0, radius: radius)], material: .water,
                thickness: radius / 14, profile: .ball(radius: radius * 1.02))
        ]
    }

    private func coin(_ random: inout RandomGenerator) -> [XRayPart] {
        let ring = Outline.circle(x: 0, y: 0, radius: random.between(2.5, 5))
        return [XRayPart(rings: [ring], material: .steel, thickness: random.between(0.3, 0.8))]
    }

    private func buckle(_ random: inout RandomGenerator) -> [XRayPart] {
        let side = random.between(4, 8)
        let rings = [
            Outline.rectangle(-side, -side, side, side),
            Outline.rectangle(-side + 2, -side + 2, side - 2, side - 2),
        ]
        return [XRayPart(rings: rings, material: .steel, thickness: random.between(0.4, 0.9))]
    }

    private func rod(_ random: inout RandomGenerator) -> [XRayPart] {
        let length = random.between(20, 70)
        let ring = Outline.rectangle(-length, -1.2, length, 1.2)
        return [XRayPart(rings: [ring], material: .steel, thickness: random.between(0.2, 0.6))]
    }

    private func cable(_ random: inout RandomGenerator) -> [XRayPart] {
        var (x, y, heading) = (0.0, 0.0, 0.0)
        var points: [PixelPoint] = []
        var bend = random.between(-0.2, 0.2)
        for _ in 0..<40 {
            points.append(PixelPoint(x: x, y: y))
            bend = min(max(bend + random.between(-0.12, 0.12), -0.35), 0.35)
            heading += bend
            x += 3 * cos(heading)
            y += 3 * sin(heading)
        }
        let band = Outline.band(along: points, width: 1.8)
        return [XRayPart(rings: [band], material: .aluminium, thickness: random.between(0.3, 0.7))]
    }
}
