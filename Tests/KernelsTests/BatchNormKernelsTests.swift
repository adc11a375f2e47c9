import KernelInterface
import Tensors
import Testing

/// Both copies against sums and formulas in double precision, on a part of wider rows.
@Suite struct BatchNormKernelsTests {
    /// A map of which the first `columns` of each row are worked on.
    private struct Map {
        let part: MatrixPart
        let x: [Float]
        let dy: [Float]
        /// Rows of `BatchNormRow`.
        let factors: [Float]

        init(rows: Int, columns: Int) {
            part = MatrixPart(rows: rows, columns: columns, stride: columns + 3)
            var generator = RandomGenerator(state: UInt64(rows * 100 + columns))
            func random(_ rows: Int) -> [Float] {
                (0..<rows * (columns + 3)).map { _ in generator.uniform() - 0.5 }
            }
            (x, dy, factors) = (random(rows), random(rows), random(BatchNormRow.count))
        }

        func factor(_ row: Int, _ column: Int) -> Double {
            Double(factors[row * part.stride + column])
        }

        func column(_ values: [Float], _ column: Int) -> [Double] {
            (0..<part.rows).map { Double(values[$0 * part.stride + column]) }
        }

        /// `x scale + shift`.
        func preactivation(_ column: Int) -> [Double] {
            self.column(x, column).map {
                $0 * factor(BatchNormRow.scale, column) + factor(BatchNormRow.shift, column)
            }
        }

        /// `dy`, behind ReLU 0 where it did not pass.
        func passed(_ column: Int, isRectified: Bool) -> [Double] {
            zip(self.column(dy, column), preactivation(column)).map {
                isRectified && $1 <= 0 ? 0 : $0
            }
        }

        func withOperands<R>(
            shortcut: [Float]? = nil, isRectified: Bool = false,
            _ body: (BatchNormOperands) -> R
        ) -> R {
            func call(
                _ x: UnsafePointer<Float>, _ factors: UnsafePointer<Float>,
                _ sum: UnsafePointer<Float>
            ) -> R {
                body(
                    BatchNormOperands(
                        x: x, factors: factors, shortcut: shortcut == nil ? nil : sum,
                        isRectified: isRectified))
            }
            return call(x, factors, shortcut ?? [])
        }

        /// Columns of `values` beyond the part must be as they were: not a number.
        func expect(_ values: [Float], _ expected: (Int) -> [Double]) {
            for column in 0..<part.stride {
                let actual = self.column(values, column)
                guard column < part.columns else {
                    #expect(actual.allSatisfy { $0.isNaN })
                    continue
                }
                #expect(zip(actual, expected(column)).allSatisfy { abs($0 - $1) < 2e-6 })
            }
        }

        func room(_ rows: Int) -> [Float] { [Float](repeating: .nan, count: rows * part.stride) }
    }

    private static let columns = [1, 7, 8, 9, 16, 24, 31, 32, 40, 65]

    @Test(arguments: runnableSets, columns) func statisticsAreThoseOfTheColumns(
        set: InstructionSet, columns: Int
    ) throws {
        for rows in [1, 2, 5, 12] {
            let map = Map(rows: rows, columns: columns)
            var result = map.room(2)
            try table(set).batchNorm.statistics(map.x, &result, map.part)
            for column in 0..<columns {
                let values = map.column(map.x, column)
                let mean = values.reduce(0, +) / Double(rows)
                let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                #expect(abs(Double(result[column]) - mean) < 1e-6)
                #expect(abs(Double(result[map.part.stride + column]) - squares) < 1e-6)
            }
        }
    }

    @Test(arguments: runnableSets, columns) func theEndingFollowsTheNorm(
        set: InstructionSet, columns: Int
    ) throws {
        let kernel = try table(set).batchNorm.normalize
        let map = Map(rows: 5, columns: columns)
        var y = map.room(5)
        map.withOperands { kernel($0, &y, map.part) }
        map.expect(y) { map.preactivation($0) }
        map.withOperands(isRectified: true) { kernel($0, &y, map.part) }
        map.expect(y) { map.preactivation($0).map { max($0, 0) } }
        map.withOperands(shortcut: map.dy) { kernel($0, &y, map.part) }
        map.expect(y) { zip(map.preactivation($0), map.column(map.dy, $0)).map { $0 + $1 } }
    }

    @Test(arguments: runnableSets, columns) func gradientsPassWhereTheOutputIsPositive(
        set: InstructionSet, columns: Int
    ) throws {
        let kernels = try table(set).batchNorm
        let map = Map(rows: 6, columns: columns)
        let slopes = map.room(2).indices.map { Float($0 % 5) * 0.25 - 0.5 }
        for isRectified in [false, true] {
            var (sums, dx) = (map.room(2), map.room(6))
            map.withOperands(isRectified: isRectified) {
                kernels.sums(map.dy, $0, &sums, map.part)
                kernels.gradient(map.dy, $0, slopes, &dx, map.part)
            }
            for column in 0..<columns {
                let dy = map.passed(column, isRectified: isRectified)
                let mean = map.factor(BatchNormRow.mean, column)
                let products = zip(dy, map.column(map.x, column)).map { $0 * ($1 - mean) }
                let second = Double(sums[map.part.stride + column])
                #expect(abs(Double(sums[column]) - dy.reduce(0, +)) < 1e-6)
                #expect(abs(second - products.reduce(0, +)) < 1e-6)
            }
            map.expect(dx) { column in
                let slope = Double(slopes[column])
                let constant = Double(slopes[map.part.stride + column])
                let scale = map.factor(BatchNormRow.scale, column)
                let dy = map.passed(column, isRectified: isRectified)
                return zip(dy, map.column(map.x, column)).map {
                    $0 * scale + $1 * slope + constant
                }
            }
        }
    }
}
