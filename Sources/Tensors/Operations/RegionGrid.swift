import KernelInterface

/// The cut of a map into `rows x columns` regions of one size, numbered row by row.
///
/// The last regions may reach beyond the map; then only their pixels on the map count.
public struct RegionGrid: Hashable, Sendable {
    /// Regions from top to bottom.
    public let rows: Int
    /// Regions from left to right.
    public let columns: Int
    /// Rows and columns of pixels of one region.
    public let region: MapExtent

    /// Makes a grid.
    ///
    /// - Parameters:
    ///   - rows: Regions from top to bottom.
    ///   - columns: Regions from left to right.
    ///   - region: Rows and columns of pixels of one region.
    public init(rows: Int, columns: Int, region: MapExtent) {
        self.rows = rows
        self.columns = columns
        self.region = region
    }

    /// The smallest regions of which `side x side` cover a map.
    ///
    /// - Parameters:
    ///   - side: Regions along each axis, at least 1.
    ///   - height: Rows of pixels of the map.
    ///   - width: Columns of pixels of the map.
    public init(side: Int, height: Int, width: Int) {
        self.init(
            rows: side, columns: side,
            region: MapExtent(
                height: max(1, (height + side - 1) / side),
                width: max(1, (width + side - 1) / side)))
    }

    /// The largest regions of which at least `side x side` lie whole on a map, and as many more
    /// as cover it.
    ///
    /// - Parameters:
    ///   - side: Regions along each axis, at least 1.
    ///   - height: Rows of pixels of the map.
    ///   - width: Columns of pixels of the map.
    public init(atLeast side: Int, height: Int, width: Int) {
        let region = MapExtent(height: max(1, height / side), width: max(1, width / side))
        self.init(
            rows: (height + region.height - 1) / region.height,
            columns: (width + region.width - 1) / region.width, region: region)
    }

    /// Number of regions.
    public var count: Int { rows * columns }

    /// Pixels of one region.
    public var pixels: Int { region.height * region.width }

    /// The map that the regions fill.
    public var extent: MapExtent {
        MapExtent(height: rows * region.height, width: columns * region.width)
    }

    /// Calls `body` with each row of a region's pixels that lie on a map.
    ///
    /// - Parameters:
    ///   - index: The region.
    ///   - map: Rows and columns of pixels of the map.
    ///   - body: Takes the number of the row's first pixel, and how many there are.
    @inline(__always)
    func forEachRun(of index: Int, on map: MapExtent, _ body: (_ pixel: Int, _ count: Int) -> Void)
    {
        let top = index / columns * region.height
        let left = index % columns * region.width
        let width = min(map.width, left + region.width) - left
        guard width > 0 else { return }
        for row in top..<max(top, min(map.height, top + region.height)) {
            body(row * map.width + left, width)
        }
    }

    /// Pixels of a region that lie on a map.
    func pixelCount(of index: Int, on map: MapExtent) -> Int {
        var sum = 0
        forEachRun(of: index, on: map) { _, count in sum += count }
        return sum
    }
}

extension Shape {
    /// Height and width of maps `[N, H, W, C]`.
    var map: MapExtent { MapExtent(height: self[1], width: self[2]) }
}
