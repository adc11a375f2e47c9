import Tensors

/// A map times one learned number.
///
/// `y = s x`, `dx = s dy`, `ds = sum(x dy)`. Inputs: any shape, and a scalar.
struct ScalarScale: ScalarProduct {
    let name = "ScalarScale"

    func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[1].count == 1, "the factor has shape \(inputs[1])")
        return inputs[0]
    }

    func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let factor = x[1][0]
        for index in 0..<x.shapes[0].count { y[index] = factor * x[0][index] }
    }

    func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, factor) = (inputs[0], inputs[1])
        return { dy, needs in
            [
                needs[0] ? dy.multiplied(by: factor.scalar) : nil,
                needs[1] ? Tensor(shape: factor.shape, [Self.product(x, dy)]) : nil,
            ]
        }
    }

    private static func product(_ a: Tensor, _ b: Tensor) -> Float {
        let count = a.count
        return a.withElements { a in
            b.withElements { b in
                var sum = 0.0
                for index in 0..<count { sum += Double(a[index]) * Double(b[index]) }
                return Float(sum)
            }
        }
    }
}
