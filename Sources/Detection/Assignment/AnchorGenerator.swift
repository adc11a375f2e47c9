import Foundation

/// Anchors of a grid: boxes centred on the top-left corner of every cell.
///
/// For a level of stride `b`, ratio `r` (outer loop) and scale `s` (inner loop) the anchor has
/// width `b s / sqrt(r)` and height `b s sqrt(r)`, not rounded. The keys are mmdetection's.
public struct AnchorGenerator: Codable, Sendable, Hashable {
    /// Height over width.
    public var ratios: [Float] = [1]
    /// Scale of the first octave, in strides.
    public var octaveBaseScale: Float = 8
    /// Scales between one octave and the next.
    public var scalesPerOctave = 1

    /// One square anchor a cell, eight strides wide.
    public init() {}

    /// Anchors of one cell.
    public var anchorsPerCell: Int { ratios.count * scalesPerOctave }

    /// Checks the settings.
    ///
    /// - Parameter place: Path of the generator's configuration.
    /// - Throws: `DetectionError` naming the field.
    func validate(place: String) throws(DetectionError) {
        try Check.positive(ratios.count, atMost: 64, place + ".ratios (number of entries)")
        for ratio in ratios { try Check.range(ratio, 1e-3...1e3, place + ".ratios") }
        try Check.range(octaveBaseScale, 1e-3...1e4, place + ".octave_base_scale")
        try Check.positive(scalesPerOctave, atMost: 64, place + ".scales_per_octave")
    }

    /// The anchors of the cell whose corner is the origin.
    ///
    /// - Parameter stride: Stride of the level in pixels.
    /// - Returns: Ratio-major.
    func baseAnchors(stride: Int) -> [Box] {
        let base = Double(stride)
        return ratios.flatMap { ratio in
            (0..<scalesPerOctave).map { step in
                let octave = exp2(Double(step) / Double(scalesPerOctave))
                let scale = Double(octaveBaseScale) * octave
                let root = Double(ratio).squareRoot()
                let halfWidth = Float(0.5 * base / root * scale)
                let halfHeight = Float(0.5 * base * root * scale)
                return Box(x1: -halfWidth, y1: -halfHeight, x2: halfWidth, y2: halfHeight)
            }
        }
    }
}

/// The anchors of all cells of all levels, in the order level, row, column, anchor.
struct AnchorGrid: Sendable {
    let grid: LevelGrid
    let anchorsPerCell: Int
    private let baseAnchors: [[Box]]

    init(_ generator: AnchorGenerator, _ grid: LevelGrid) {
        self.grid = grid
        anchorsPerCell = generator.anchorsPerCell
        baseAnchors = grid.levels.map { generator.baseAnchors(stride: $0.stride) }
    }

    /// Number of anchors of all levels.
    var count: Int { grid.cellCount * anchorsPerCell }

    /// The anchor of a place.
    ///
    /// - Parameters:
    ///   - level: Index of the level.
    ///   - row: Row of the cell.
    ///   - column: Column of the cell.
    ///   - anchor: Index among the cell's anchors.
    /// - Returns: The box in pixels.
    func anchor(level: Int, row: Int, column: Int, anchor: Int) -> Box {
        let stride = grid.levels[level].stride
        return baseAnchors[level][anchor].offset(
            dx: Float(column * stride), dy: Float(row * stride))
    }

    /// The anchor of a number inside its level.
    ///
    /// - Parameters:
    ///   - level: Index of the level.
    ///   - index: `(row * width + column) * anchorsPerCell + anchor`.
    /// - Returns: The box in pixels.
    func anchor(level: Int, index: Int) -> Box {
        let (cell, anchor) = index.quotientAndRemainder(dividingBy: anchorsPerCell)
        let (row, column) = cell.quotientAndRemainder(dividingBy: grid.levels[level].width)
        return self.anchor(level: level, row: row, column: column, anchor: anchor)
    }
}
