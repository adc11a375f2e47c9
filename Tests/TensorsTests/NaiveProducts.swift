import Parallelism
import Tensors
import Testing

/// Reproducible elements around zero.
func randomTensor(_ shape: Shape, seed: UInt64) -> Tensor {
    var generator = RandomGenerator(state: seed)
    return Tensor(shape: shape, (0..<shape.count).map { _ in generator.uniform() - 0.5 })
}

/// Largest difference of two lists, relative to the largest expected magnitude.
func relativeError(_ actual: [Float], _ expected: [Double]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    let scale = expected.map(abs).max() ?? 0
    let error = zip(actual, expected).map { abs(Double($0) - $1) }.max() ?? 0
    return error.isNaN ? .infinity : scale > 0 ? error / scale : error
}

/// An output and the gradients of its operands, in double precision.
struct NaiveResult {
    var y: [Double]
    var dx: [Double]
    var dw: [Double]
    var db: [Double]
}

/// A convolution by its definition, one multiply-add at a time, with its three gradients.
struct NaiveConvolution {
    let input: Shape
    let weight: Shape
    let output: Shape
    let stride: Int
    let padding: Int

    /// Calls `body` with the indices of output, input and weight of every multiply-add.
    private func forEachProduct(_ body: (Int, Int, Int) -> Void) {
        for n in 0..<output[0] {
            for i in 0..<output[1] {
                for j in 0..<output[2] {
                    for o in 0..<output[3] {
                        forEachTap(n, i, j, o, body)
                    }
                }
            }
        }
    }

    private func forEachTap(
        _ n: Int, _ i: Int, _ j: Int, _ o: Int, _ body: (Int, Int, Int) -> Void
    ) {
        let y = ((n * output[1] + i) * output[2] + j) * output[3] + o
        for u in 0..<weight[1] {
            for v in 0..<weight[2] {
                let (row, column) = (i * stride + u - padding, j * stride + v - padding)
                guard (0..<input[1]).contains(row), (0..<input[2]).contains(column) else {
                    continue
                }
                for c in 0..<input[3] {
                    body(
                        y, ((n * input[1] + row) * input[2] + column) * input[3] + c,
                        ((o * weight[1] + u) * weight[2] + v) * input[3] + c)
                }
            }
        }
    }

    /// Output and gradients.
    func callAsFunction(_ x: [Float], _ w: [Float], _ b: [Float], _ dy: [Float]) -> NaiveResult {
        var result = NaiveResult(
            y: (0..<output.count).map { Double(b[$0 % output[3]]) },
            dx: Array(repeating: 0, count: input.count),
            dw: Array(repeating: 0, count: weight.count),
            db: Array(repeating: 0, count: output[3]))
        for index in 0..<output.count { result.db[index % output[3]] += Double(dy[index]) }
        forEachProduct { y, xIndex, wIndex in
            result.y[y] += Double(x[xIndex]) * Double(w[wIndex])
            result.dx[xIndex] += Double(dy[y]) * Double(w[wIndex])
            result.dw[wIndex] += Double(dy[y]) * Double(x[xIndex])
        }
        return result
    }
}

/// Output and gradients of one recorded call, as lists.
struct RecordedResult: Equatable {
    var y: [Float]
    var gradients: [[Float]]

    /// Records `call` on three leaves and walks back from `dy`.
    init(_ leaves: [Tensor], dy: Tensor, _ call: ([Tensor]) -> Tensor) {
        let sinks = leaves.map { _ in GradientSink() }
        let (output, tape) = Tape.record {
            call(zip(leaves, sinks).map { $0.leaf($1) })
        }
        tape.backward(from: [(output, dy)])
        y = output.elements
        gradients = sinks.map { $0.value?.elements ?? [] }
    }

    /// Largest relative error of output and gradients.
    func error(against naive: NaiveResult) -> Double {
        let pairs = zip([y] + gradients, [naive.y, naive.dx, naive.dw, naive.db])
        return pairs.map { relativeError($0, $1) }.max() ?? 0
    }
}

/// Runs `body` with each of one and two threads and gives both results.
func withOneAndTwoThreads<R>(_ body: () -> R) -> [R] {
    let before = WorkerPool.shared.threadCount
    defer { WorkerPool.shared.setThreadCount(before) }
    return [1, 2].map { count in
        WorkerPool.shared.setThreadCount(count)
        return body()
    }
}
