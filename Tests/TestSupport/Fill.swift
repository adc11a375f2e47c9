import Checkpoints
import Tensors

/// The reference values of a name: `FormulaFill`, in the order of files.
///
/// - Parameters:
///   - name: The name that seeds them.
///   - shape: The shape in files.
/// - Returns: All elements, row-major.
public func fill(_ name: String, _ shape: Int...) -> [Float] {
    FormulaFill.values(name, shape)
}

/// The reference values of a name as a tensor, in the order of memory.
///
/// - Parameters:
///   - name: The name that seeds them.
///   - shape: The shape in memory; the values are not permuted.
/// - Returns: The tensor.
public func filled(_ name: String, _ shape: Shape) -> Tensor {
    Tensor(shape: shape, FormulaFill.values(name, shape.dimensions))
}
