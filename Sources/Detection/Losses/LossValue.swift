import Tensors

/// A scalar with a name, as logs show it.
public struct NamedScalar: Sendable {
    /// The name, `loss_cls` for example.
    public let name: String
    /// The scalar, with its weight applied, on the tape if one runs.
    public let value: Tensor

    /// Makes a named scalar.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - value: A tensor with one element.
    public init(_ name: String, _ value: Tensor) {
        self.name = name
        self.value = value
    }
}

extension Tensor {
    /// A loss whose gradient was computed together with it.
    ///
    /// - Parameters:
    ///   - value: The loss.
    ///   - gradient: Its gradient, of the input's shape.
    ///   - input: What it was computed from.
    /// - Returns: A scalar, recorded on the tape if one runs.
    static func loss(_ value: Double, gradient: Tensor, of input: Tensor) -> Tensor {
        Tensor(shape: [], [Float(value)]).recorded(from: [input]) {
            { dy, _ in [dy.scalar == 1 ? gradient : gradient.multiplied(by: dy.scalar)] }
        }
    }

    /// The sum of scalars.
    ///
    /// - Parameter scalars: Tensors of one element each.
    /// - Returns: A scalar; 0 for none.
    static func total(_ scalars: [Tensor]) -> Tensor {
        guard let first = scalars.first else { return Tensor(shape: [], [0]) }
        return scalars.dropFirst().reduce(first) { $0 + $1 }
    }
}
