import Imaging
import Tensors

/// An object of several parts in its place.
struct PlacedParts {
    let parts: [XRayPart]
    /// From the parts' own coordinates to pixels.
    let placement: AffineMap

    /// Finds a place in a frame at random, or `nil` when the frame is too small.
    ///
    /// - Parameters:
    ///   - parts: In their own coordinates.
    ///   - turn: How they are turned and stretched, without a shift.
    ///   - frame: What the silhouette must not leave.
    ///   - random: Decides the place.
    init?(
        _ parts: [XRayPart], turned turn: AffineMap, in frame: PixelBox,
        _ random: inout RandomGenerator
    ) {
        let extent = PlacedParts(parts: parts, placement: turn).box
        let room = PixelBox(
            left: frame.left - extent.left, top: frame.top - extent.top,
            right: frame.right - extent.right, bottom: frame.bottom - extent.bottom)
        guard room.right > room.left, room.bottom > room.top else { return nil }
        let shift = AffineMap.scale(
            x: 1, y: 1, dx: random.between(room.left, room.right),
            dy: random.between(room.top, room.bottom))
        self.init(parts: parts, placement: turn.then(shift))
    }

    private init(parts: [XRayPart], placement: AffineMap) {
        self.parts = parts
        self.placement = placement
    }

    /// The silhouette's outer rings in pixels.
    var outlines: [[PixelPoint]] {
        parts.filter(\.isOutline).compactMap(\.rings.first).map { ring in
            ring.map { placement($0) }
        }
    }

    /// The smallest box around the silhouette.
    var box: PixelBox {
        let points = outlines.joined()
        return PixelBox(
            left: points.map(\.x).min() ?? 0, top: points.map(\.y).min() ?? 0,
            right: points.map(\.x).max() ?? 0, bottom: points.map(\.y).max() ?? 0)
    }

    /// Puts all parts into the rays of a scene.
    func add(to scene: inout XRayScene) {
        for part in parts { scene.add(part, placement) }
    }
}
