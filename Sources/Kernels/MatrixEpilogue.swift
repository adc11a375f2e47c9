import KernelInterface

/// Runs an epilogue, but for its bias, over rows of a result.
@Sendable
func finishRows(_ y: UnsafeMutablePointer<Float>, _ part: MatrixPart, _ epilogue: MatrixEpilogue) {
    switch epilogue.activation {
    case .none: finishRows(.none, y, part, epilogue)
    case .relu: finishRows(.relu, y, part, epilogue)
    case .gelu: finishRows(.gelu, y, part, epilogue)
    case .silu: finishRows(.silu, y, part, epilogue)
    case .sigmoid: finishRows(.sigmoid, y, part, epilogue)
    }
}

/// The loop for one activation, a constant after inlining.
@inline(__always)
func finishRows(
    _ activation: MatrixEpilogue.Activation, _ y: UnsafeMutablePointer<Float>, _ part: MatrixPart,
    _ epilogue: MatrixEpilogue
) {
    var row = 0
    while row < part.rows {
        let offset = row &* part.stride
        var column = 0
        while column < part.columns {
            let count = part.columns &- column
            let place = offset &+ column
            var value = activated(loadPart(y + place, count), activation)
            if let gate = epilogue.gate { value *= loadPart(gate + place, count) }
            if let scale = epilogue.scale { value *= loadPart(scale + column, count) }
            if let residual = epilogue.residual {
                var added = loadPart(residual + place, count)
                if let scale = epilogue.residualScale { added *= loadPart(scale + column, count) }
                value += added
            }
            storePart(value, y + place, count)
            column &+= Vector.scalarCount
        }
        row &+= 1
    }
}

/// One vector after the activation.
@inline(__always)
func activated(_ x: Vector, _ activation: MatrixEpilogue.Activation) -> Vector {
    switch activation {
    case .none: x
    case .relu: larger(x, Vector(repeating: 0))
    case .gelu: gelu(x)
    case .silu: silu(x)
    case .sigmoid: logistic(x)
    }
}
