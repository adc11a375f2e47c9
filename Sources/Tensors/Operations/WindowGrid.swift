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
        for position in 0..<positions {
            let row = top + position / window.width
            let column = left + position % window.width
            guard row < map.height, column < map.width else {
                table[position] = -1
                continue
            }
            let number = Int32(truncatingIfNeeded: row * map.width + column)
            table[position] = number
            inside[count] = number
            count += 1
        }
        return Positions(
            all: UnsafePointer(table), inside: UnsafePointer(inside), insideCount: count)
    }
}
