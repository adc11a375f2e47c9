/// Rows of a map that a chain keeps while it walks down a band.
struct ChainWindow {
    /// Floats of a row.
    let rowSize: Int
    /// The rows that are kept.
    private(set) var rows = 0..<0
    private let memory: UnsafeMutablePointer<Float>

    /// Begins without rows.
    ///
    /// - Parameters:
    ///   - memory: Room for all rows that are kept at once.
    ///   - rowSize: Floats of a row.
    init(memory: UnsafeMutablePointer<Float>, rowSize: Int) {
        self.memory = memory
        self.rowSize = rowSize
    }

    /// The first row that is kept.
    var first: UnsafePointer<Float> { UnsafePointer(memory) }

    /// A row that is kept.
    subscript(row: Int) -> UnsafeMutablePointer<Float> {
        memory + (row - rows.lowerBound) * rowSize
    }

    /// Moves down, and keeps what the new rows share with the old ones.
    ///
    /// - Parameter next: The rows from now on; neither end lies above that of before.
    /// - Returns: The rows that must be filled.
    mutating func move(to next: Range<Int>) -> Range<Int> {
        let known = max(next.lowerBound, rows.upperBound)
        if rows.lowerBound < next.lowerBound, next.lowerBound < known {
            memory.update(from: self[next.lowerBound], count: (known - next.lowerBound) * rowSize)
        }
        rows = next
        return known..<next.upperBound
    }
}
