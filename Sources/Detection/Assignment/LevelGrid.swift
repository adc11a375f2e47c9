import Tensors

/// The cells of all levels of a dense head, in one numbering: level, row, column.
struct LevelGrid: Sendable {
    /// One level.
    struct Level: Sendable {
        let height: Int
        let width: Int
        let stride: Int
        /// Number of the level's first cell among all cells.
        let firstCell: Int

        /// Number of cells.
        var count: Int { height * width }

        /// The rows and columns that an image reaches.
        ///
        /// - Parameter extent: The image with its own padding.
        /// - Returns: Rows and columns from the top left, at most those of the level.
        func validCells(_ extent: ImageExtent) -> ImageExtent {
            ImageExtent(
                height: min(height, (max(0, extent.height) + stride - 1) / stride),
                width: min(width, (max(0, extent.width) + stride - 1) / stride))
        }
    }

    let levels: [Level]

    /// Reads the grid off the maps of a head.
    ///
    /// - Parameters:
    ///   - maps: One map `[N, H, W, C]` a level.
    ///   - strides: Stride of each level in pixels.
    init(_ maps: [Tensor], strides: [Int]) {
        precondition(maps.count == strides.count, "\(maps.count) maps, \(strides.count) strides")
        var first = 0
        levels = zip(maps, strides).map { map, stride in
            let level = Level(
                height: map.shape[1], width: map.shape[2], stride: stride, firstCell: first)
            first += level.count
            return level
        }
    }

    /// Makes a grid from the levels' sizes.
    ///
    /// - Parameters:
    ///   - sizes: Rows and columns of each level.
    ///   - strides: Stride of each level in pixels.
    init(sizes: [ImageExtent], strides: [Int]) {
        var first = 0
        levels = zip(sizes, strides).map { size, stride in
            let level = Level(
                height: size.height, width: size.width, stride: stride, firstCell: first)
            first += level.count
            return level
        }
    }

    /// Number of cells of all levels.
    var cellCount: Int { levels.reduce(0) { $0 + $1.count } }
}

/// What a prior (anchor or point) is matched with, as a number.
enum Match {
    /// The prior lies in a cell beyond its image and takes no part.
    static let outside: Int32 = -2
    /// The prior takes no part.
    static let ignored: Int32 = -1
    /// The prior is background; larger numbers are the object's index plus one.
    static let background: Int32 = 0
}
