/// Sums in the order of numpy, whose last digits differ from those of a plain loop.
enum PairwiseSum {
    /// The sum of a list.
    static func of(_ values: [Double]) -> Double {
        values.withUnsafeBufferPointer { sum($0[...]) }
    }

    /// The mean of a list, -1 for an empty one.
    static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? -1 : of(values) / Double(values.count)
    }

    private static func sum(_ values: Slice<UnsafeBufferPointer<Double>>) -> Double {
        if values.count < 8 { return values.reduce(0, +) }
        if values.count <= 128 { return blockSum(values) }
        let half = values.count / 2
        let middle = values.startIndex + half - half % 8
        return sum(values[values.startIndex..<middle]) + sum(values[middle..<values.endIndex])
    }

    private static func blockSum(_ values: Slice<UnsafeBufferPointer<Double>>) -> Double {
        let start = values.startIndex
        var sums = SIMD8<Double>()
        for lane in 0..<8 { sums[lane] = values[start + lane] }
        let whole = values.count - values.count % 8
        for index in stride(from: 8, to: whole, by: 8) {
            for lane in 0..<8 { sums[lane] += values[start + index + lane] }
        }
        var result =
            ((sums[0] + sums[1]) + (sums[2] + sums[3]))
            + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
        for index in whole..<values.count { result += values[start + index] }
        return result
    }
}
