/// How samples between pixels are made; pixel centres lie at half coordinates throughout.
public enum Interpolation: String, Sendable, CaseIterable {
    /// The pixel that contains the position; for label images.
    case nearest
    /// Weights of the two nearest pixels a side, also when reducing.
    case bilinear
    /// Bilinear, with the filter widened when reducing, so that every source pixel counts.
    case antialiased
}

/// Which source samples along one axis make each output sample, and with which weights.
///
/// Triangle filter of radius `r = max(scale, 1)` with antialiasing, else 1: output `i` has its
/// centre at `(i + 0.5) scale` and the weights `max(0, 1 - |j + 0.5 - centre| / r)`, normalised.
/// All outputs have the same number of taps; superfluous ones weigh 0.
struct AxisTaps {
    let count: Int
    private(set) var starts: [Int]
    private(set) var weights: [Float]

    init(from source: Int, to target: Int, _ interpolation: Interpolation) {
        let scale = Double(source) / Double(target)
        starts = []
        weights = []
        starts.reserveCapacity(target)
        guard interpolation != .nearest else {
            count = 1
            for output in 0..<target {
                starts.append(min(source - 1, Int((Double(output) + 0.5) * scale)))
                weights.append(1)
            }
            return
        }
        let radius = interpolation == .antialiased ? max(scale, 1) : 1
        count = min(source, Int(radius.rounded(.up)) * 2 + 1)
        weights.reserveCapacity(target * count)
        for output in 0..<target {
            let centre = (Double(output) + 0.5) * scale
            let first = max(0, Int((centre - radius + 0.5).rounded(.down)))
            let start = min(first, source - count)
            let taps = (start..<start + count).map { input in
                max(0, 1 - abs(Double(input) + 0.5 - centre) / radius)
            }
            let sum = taps.reduce(0, +)
            starts.append(start)
            weights += taps.map { Float($0 / sum) }
        }
    }
}
