import Annotations
import Foundation
import Imaging
import Tensors

/// What one object of a picture is and where.
struct BaggageObject {
    let item: BaggageItem
    let box: BoxXYWH
    let area: Double
    let isCrowd: Bool
    let segmentation: COCOSegmentation
}

/// One picture of the demo set with its objects.
struct BaggagePicture {
    let scene: XRayScene
    let objects: [BaggageObject]

    /// Draws a picture.
    ///
    /// One in twelve is without items, one in twenty has a crowd of small ones.
    ///
    /// - Parameters:
    ///   - size: In pixels.
    ///   - random: Decides everything.
    /// - Throws: `RunLengthError` for a size that no mask can have.
    init(size: ImageSize, _ random: inout RandomGenerator) throws {
        let clutter = BaggageClutter(size: size)
        var scene = XRayScene(size: size)
        let inside = clutter.addSuitcase(to: &scene, &random)
        clutter.addContents(to: &scene, inside: inside, &random)
        var packer = ItemPacker(size: size, inside: inside)
        if random.integer(below: 20) == 0 { packer.placeCrowd(&random) }
        if random.integer(below: 12) != 0 {
            for _ in 0..<1 + random.integer(below: 4) { packer.placeItem(&random) }
        }
        var objects: [BaggageObject] = []
        for group in packer.groups {
            for specimen in group.specimens { specimen.add(to: &scene) }
            objects.append(try group.object(in: size, &random))
        }
        scene.addNoise(&random)
        self.scene = scene
        self.objects = objects
    }
}

/// Specimens of one class that are annotated together: one item, or a crowd.
private struct SpecimenGroup {
    let item: BaggageItem
    let specimens: [PlacedParts]
    let isCrowd: Bool

    /// Crowds and one item in five get run lengths with holes, the others polygons.
    func object(in size: ImageSize, _ random: inout RandomGenerator) throws -> BaggageObject {
        let asRunLengths = random.integer(below: 5) == 0
        return try isCrowd || asRunLengths ? runLengthObject(in: size) : polygonObject(in: size)
    }

    private func runLengthObject(in size: ImageSize) throws -> BaggageObject {
        var pixels = [UInt8](repeating: 0, count: size.width * size.height)
        for specimen in specimens {
            for part in specimen.parts where part.isOutline {
                let rings = part.rings.map { ring in ring.map { specimen.placement($0) } }
                for row in PolygonCoverage(rings, in: size).rows {
                    for (offset, coverage) in row.coverage.enumerated() where coverage >= 0.5 {
                        pixels[row.y * size.width + row.x + offset] = 1
                    }
                }
            }
        }
        let mask = try RunLengthMask(pixels: pixels, height: size.height, width: size.width)
        return BaggageObject(
            item: item, box: mask.box, area: Double(mask.area), isCrowd: isCrowd,
            segmentation: .compressed(height: size.height, width: size.width, counts: mask.text))
    }

    private func polygonObject(in size: ImageSize) throws -> BaggageObject {
        func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
        let polygons = specimens.flatMap(\.outlines).map { ring in
            ring.flatMap { [rounded($0.x), rounded($0.y)] }
        }
        let mask = try PolygonRasterizer(height: size.height, width: size.width).mask(of: polygons)
        let box = specimens.first?.box ?? PixelBox(left: 0, top: 0, right: 0, bottom: 0)
        let (left, top) = (rounded(box.left), rounded(box.top))
        return BaggageObject(
            item: item,
            box: BoxXYWH(
                x: left, y: top, width: rounded(box.right - left),
                height: rounded(box.bottom - top)),
            area: Double(mask.area), isCrowd: false, segmentation: .polygons(polygons))
    }
}

/// Finds places for items inside the suitcase, without hiding one behind another.
private struct ItemPacker {
    let size: ImageSize
    let inside: PixelBox
    private(set) var groups: [SpecimenGroup] = []
    private var taken: [PixelBox] = []

    private static let attempts = 40
    /// Share of the smaller of two boxes that may lie under the other.
    private static let overlap = 0.12

    init(size: ImageSize, inside: PixelBox) {
        self.size = size
        self.inside = inside
    }

    mutating func placeItem(_ random: inout RandomGenerator) {
        let item = BaggageItem.allCases[random.integer(below: BaggageItem.allCases.count)]
        for _ in 0..<Self.attempts {
            let relative = random.between(item.lengths.lowerBound, item.lengths.upperBound)
            let length = relative * Double(min(size.width, size.height))
            guard let specimen = place(item, length: length, in: inside, &random) else { continue }
            let box = specimen.box
            guard !taken.contains(where: { Self.share($0, box) > Self.overlap }) else { continue }
            taken.append(box)
            groups.append(SpecimenGroup(item: item, specimens: [specimen], isCrowd: false))
            return
        }
    }

    /// A heap of small items of one class in a corner of the suitcase.
    mutating func placeCrowd(_ random: inout RandomGenerator) {
        let item = BaggageItem.allCases[random.integer(below: BaggageItem.allCases.count)]
        let (width, height) = (inside.right - inside.left, inside.bottom - inside.top)
        let left = inside.left + random.between(0, 0.55) * width
        let top = inside.top + random.between(0, 0.5) * height
        let heap = PixelBox(
            left: left, top: top, right: left + 0.45 * width, bottom: top + 0.5 * height)
        let length = 0.2 * Double(min(size.width, size.height))
        let specimens = (0..<6 + random.integer(below: 4)).compactMap { _ in
            place(item, length: length, in: heap, &random)
        }
        guard !specimens.isEmpty else { return }
        taken.append(heap)
        groups.append(SpecimenGroup(item: item, specimens: specimens, isCrowd: true))
    }

    private func place(
        _ item: BaggageItem, length: Double, in frame: PixelBox, _ random: inout RandomGenerator
    ) -> PlacedParts? {
        let parts = item.parts(&random)
        let angle = random.between(0, 2 * .pi)
        let mirror = random.integer(below: 2) == 0 ? length : -length
        let turn = AffineMap(
            xx: cos(angle) * length, xy: -sin(angle) * mirror, dx: 0,
            yx: sin(angle) * length, yy: cos(angle) * mirror, dy: 0)
        return PlacedParts(parts, turned: turn, in: frame, &random)
    }

    private static func share(_ a: PixelBox, _ b: PixelBox) -> Double {
        let width = min(a.right, b.right) - max(a.left, b.left)
        let height = min(a.bottom, b.bottom) - max(a.top, b.top)
        guard width > 0, height > 0 else { return 0 }
        let areas = [a, b].map { ($0.right - $0.left) * ($0.bottom - $0.top) }
        return width * height / max(min(areas[0], areas[1]), 1e-9)
    }
}
