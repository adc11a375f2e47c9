import Tensors
import Testing

/// Values and gradients of an operation against a formula in double precision.
struct GradientCheck {
    /// The formula: elements of the inputs to elements of the output.
    let reference: ([[Double]]) -> [Double]
    /// Step of the central differences.
    var step = 1e-5

    /// Compares the output and the gradient of every input of `operation`.
    ///
    /// - Parameters:
    ///   - inputs: Where to compare; their gradients are all asked for.
    ///   - relative: Largest difference over the largest magnitude; single precision and the
    ///     differences' own error are both below it.
    ///   - operation: What is tested.
    func expectAgreement(
        _ inputs: [Tensor], relative: Double = 3e-6, _ operation: ([Tensor]) -> Tensor
    ) {
        let sinks = inputs.map { _ in GradientSink() }
        let (output, tape) = Tape.record {
            operation(zip(inputs, sinks).map { $0.leaf($1) })
        }
        let values = inputs.map { $0.elements.map(Double.init) }
        #expect(relativeError(output.elements, reference(values)) <= relative)
        let cotangent = randomTensor(output.shape, seed: 99)
        tape.backward(from: [(output, cotangent)])
        for index in inputs.indices {
            let expected = differences(values, index, cotangent.elements.map(Double.init))
            let actual = sinks[index].value?.elements ?? []
            let error = relativeError(actual, expected)
            #expect(error <= 10 * relative, "gradient of operand \(index)")
        }
    }

    /// Central differences of the output times the cotangent.
    private func differences(_ values: [[Double]], _ index: Int, _ cotangent: [Double])
        -> [Double]
    {
        values[index].indices.map { element in
            var moved = values
            moved[index][element] += step
            let after = dot(reference(moved), cotangent)
            moved[index][element] -= 2 * step
            return (after - dot(reference(moved), cotangent)) / (2 * step)
        }
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
}

/// Runs `body` with one thread and with two and expects the same bits.
func expectSameBitsForAnyThreadCount(_ body: () -> [Tensor]) {
    let results = withOneAndTwoThreads { body().map { $0.elements.map(\.bitPattern) } }
    #expect(results[0] == results[1])
}

/// Values and all gradients of an operation, for comparisons bit by bit.
func valuesAndGradients(_ inputs: [Tensor], _ operation: ([Tensor]) -> Tensor) -> [Tensor] {
    let sinks = inputs.map { _ in GradientSink() }
    let (output, tape) = Tape.record { operation(zip(inputs, sinks).map { $0.leaf($1) }) }
    tape.backward(from: [(output, randomTensor(output.shape, seed: 98))])
    return [output] + sinks.compactMap(\.value)
}
