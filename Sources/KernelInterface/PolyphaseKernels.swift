/// Neighbouring tiles of a row of tiles, and where their transforms lie.
///
/// Channel `c` of term `t` of tile `i` lies at `t * termStride + i * tileStride + c`.
public struct PolyphaseLine: Sendable {
    /// Number of tiles.
    public var tiles: Int
    /// Floats of a pixel, at least a vector.
    public var channels: Int
    /// From one row of pixels to the next.
    public var rowStride: Int
    /// From one term of the transform to the next.
    public var termStride: Int
    /// From one tile of the transform to the next.
    public var tileStride: Int
    /// Rows of output pixels inside of the image: 2, or 1 at its end.
    public var validRows = 2
    /// Output pixels of a row inside of the image: two a tile, or one less at its end.
    public var validPixels: Int
    /// What is added to every output pixel, or nil.
    public nonisolated(unsafe) var bias: UnsafePointer<Float>?

    /// Makes a line of whole tiles.
    ///
    /// - Parameters:
    ///   - tiles: Number of tiles.
    ///   - channels: Floats of a pixel.
    ///   - rowStride: From one row of pixels to the next.
    ///   - termStride: From one term of the transform to the next.
    ///   - tileStride: From one tile of the transform to the next.
    public init(tiles: Int, channels: Int, rowStride: Int, termStride: Int, tileStride: Int) {
        self.tiles = tiles
        self.channels = channels
        self.rowStride = rowStride
        self.termStride = termStride
        self.tileStride = tileStride
        validPixels = 2 * tiles
    }
}

/// One of the products that a sum of a tile adds up: terms times taps, channel by channel.
public struct PolyphaseProduct: Sendable {
    /// Number of the sum, row by row of three.
    public let sum: Int
    /// Numbers of the terms, row by row of five.
    public let terms: Range<Int>
    /// Numbers of the transformed taps, row by row of four.
    public let taps: Range<Int>
    /// Whether the sum begins here.
    public let isFirst: Bool
}

/// The transforms of 3x3 convolutions with stride 2, by phases and minimal filtering F(2, 2).
///
/// In one dimension `y[i] = w[0] x[2i] + w[1] x[2i + 1] + w[2] x[2i + 2]`. The even samples meet a
/// filter of two taps, which F(2, 2) computes by three products at the points 0, 1 and infinity;
/// the odd ones meet one tap. Two outputs so take five products instead of six, or 25 instead of
/// 36 in two dimensions, and no factor but 1. The samples `x[0]` to `x[4]` become the terms
/// `x[0] - x[2], x[1] | x[2] | x[3], x[4] - x[2]`, which meet the taps
/// `w[0], w[1] | w[0] + w[2] | w[1], w[2]`. What stands between two bars is added up already by
/// the products, so that three sums `s` remain, and `y = (s[0] + s[1], s[1] + s[2])`. The taps are
/// kept as `w[0], w[1], w[2], w[0] + w[2]`, of which any bar's stand side by side.
public struct PolyphaseKernels: Sendable {
    /// `(pixels, terms, line)`: transforms tiles of 5x5 pixels, four pixels apart.
    public typealias Input =
        @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, PolyphaseLine) -> Void
    /// `(sums, pixels, line)`: transforms sums to tiles of 2x2 pixels.
    public typealias Output =
        @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, PolyphaseLine) -> Void
    /// `(taps, transformed, count)`: transforms runs of `count` floats, whole vectors, each of the
    /// nine taps one run after the other, to as many of each of sixteen.
    public typealias Weight =
        @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

    /// Terms of a tile.
    public static let terms = 25
    /// Transformed taps.
    public static let taps = 16
    /// Sums of a tile.
    public static let sums = 9
    /// Products of a tile: a row of terms each, as far as it belongs to one sum.
    public static let products = 15
    /// Rows and columns of output pixels of a tile.
    public static let tile = 2
    /// Rows and columns of input pixels of a tile.
    public static let inputTile = 5
    /// Pixels of the input from one tile to the next.
    public static let step = 4

    /// A product; those of one sum come in the order in which they are added up.
    ///
    /// - Parameter number: Its number.
    /// - Returns: What is multiplied.
    public static func product(_ number: Int) -> PolyphaseProduct {
        let (row, column) = (number / 3, number % 3)
        let sumRow = row < 2 ? 0 : row == 2 ? 1 : 2
        let tapRow = row < 2 ? row : row == 2 ? 3 : row - 2
        let count = column == 1 ? 1 : 2
        let term = 5 * row + (column == 0 ? 0 : column + 1)
        let tap = 4 * tapRow + (column == 0 ? 0 : column == 1 ? 3 : 1)
        return PolyphaseProduct(
            sum: 3 * sumRow + column, terms: term..<term + count, taps: tap..<tap + count,
            isFirst: row != 1 && row != 4)
    }

    /// 5x5 pixels to 25 terms.
    public let input: Input
    /// Nine sums to the valid ones of 2x2 pixels.
    public let output: Output
    /// Nine taps to sixteen.
    public let weight: Weight

    /// Makes the group.
    ///
    /// - Parameters:
    ///   - input: 5x5 pixels to 25 terms.
    ///   - output: Nine sums to 2x2 pixels.
    ///   - weight: Nine taps to sixteen.
    public init(
        input: @escaping Input, output: @escaping Output, weight: @escaping Weight
    ) {
        self.input = input
        self.output = output
        self.weight = weight
    }
}
