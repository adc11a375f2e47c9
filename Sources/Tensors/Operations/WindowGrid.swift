import KernelInterface

/// Windows over the maps of a batch, row-major; the last ones may reach beyond the map.
struct WindowGrid: Sendable {
    /// Number of maps.
    let samples: Int
    /// Rows and columns of a map.
    let map: MapExtent
    /// Rows and columns of a window.
    let window: MapExtent

    private var down: Int { (map.height + window.height - 1) / max(1, window.height) }
    private var across: Int { (map.width + window.width - 1) / max(1, window.width) }

    /// Windows of a map.
    var windowsPerMap: Int { down * across }
    /// Windows of all maps.
    var count: Int { samples * windowsPerMap }
    /// Positions of a window, padding included.
    var positions: Int { window.height * window.width }
    /// Positions of a map.
    var mapPositions: Int { map.height * map.width }
    /// Whether some windows reach beyond the map.
    var isPadded: Bool {
        down * window.height != map.height || across * window.width != map.width
    }

    /// Positions of a window, as numbers in the map.
    struct Positions {
        /// All of them, -1 in the padding; nil where the window is the whole map in order.
        var all: UnsafePointer<Int32>?
        /// Those inside the map.
        var inside: UnsafePointer<Int32>?
        /// Number of those inside the map.
        var insideCount: Int
    }

    /// Int32 numbers that `positions(of:table:)` writes at most.
    var tableCount: Int { 2 * positions }

    /// Lists the positions of a window.
    ///
    /// - Parameters:
    ///   - index: Number of the window in its map.
    ///   - table: Room for `tableCount` numbers.
    /// - Returns: The positions, valid until the table is used again.
    func positions(of index: Int, table: UnsafeMutablePointer<Int32>) -> Positions {
        if windowsPerMap == 1, !isPadded {
            return Positions(all: nil, inside: nil, insideCount: positions)
        }
        let (top, left) = (index / across * window.height, index % across * window.width)
        let inside = table + positions
        var count = 0
        for row in 0..<window.height {
            let entries = table + row * window.width
            let first = (top + row) * map.width + left
            let width = top + row < map.height ? min(window.width, map.width - left) : 0
            for column in 0..<width {
                let number = Int32(truncatingIfNeeded: first + column)
                entries[column] = number
                inside[count + column] = number
            }
            (entries + width).update(repeating: -1, count: window.width - width)
            count += width
        }
        return Positions(
            all: UnsafePointer(table), inside: UnsafePointer(inside), insideCount: count)
    }
}
