import KernelInterface

// Each activation has a loop of its own with nothing beside: with a switch or optional operands
// inside, the compiler cuts wide vectors in parts, and GELU takes four times as long.

/// Runs an epilogue, but for its bias, over rows of a result.
@Sendable
func finishRows(_ y: UnsafeMutablePointer<Float>, _ part: MatrixPart, _ epilogue: MatrixEpilogue) {
    let combines = epilogue.gate != nil || epilogue.scale != nil || epilogue.residual != nil
    var row = 0
    while row < part.rows {
        let offset = row &* part.stride
        switch epilogue.activation {
        case .none: break
        case .relu: reluRow(y + offset, part.columns)
        case .gelu: geluRow(y + offset, part.columns)
        case .silu: siluRow(y + offset, part.columns)
        case .sigmoid: sigmoidRow(y + offset, part.columns)
        }
        if combines { combineRow(y + offset, offset, part.columns, epilogue) }
        if epilogue.isRectified { reluRow(y + offset, part.columns) }
        row &+= 1
    }
}

/// Multiplies a row by gate and scale and adds the residual.
@inline(__always)
private func combineRow(
    _ y: UnsafeMutablePointer<Float>, _ offset: Int, _ columns: Int, _ epilogue: MatrixEpilogue
) {
    var column = 0
    while column < columns {
        let count = columns &- column
        let place = offset &+ column
        var value = loadPart(y + column, count)
        if let gate = epilogue.gate { value *= loadPart(gate + place, count) }
        if let scale = epilogue.scale { value *= loadPart(scale + column, count) }
        if let residual = epilogue.residual {
            var added = loadPart(residual + place, count)
            if let scale = epilogue.residualScale { added *= loadPart(scale + column, count) }
            value += added
        }
        storePart(value, y + column, count)
        column &+= Vector.scalarCount
    }
}

@inline(never)
private func reluRow(_ y: UnsafeMutablePointer<Float>, _ count: Int) {
    let zero = Vector(repeating: 0)
    var i = 0
    while i &+ Vector.scalarCount <= count {
        store(larger(load(y + i), zero), y + i)
        i &+= Vector.scalarCount
    }
    let rest = count &- i
    if rest > 0 { storePart(larger(loadPart(y + i, rest), zero), y + i, rest) }
}

@inline(never)
private func geluRow(_ y: UnsafeMutablePointer<Float>, _ count: Int) {
    var i = 0
    while i &+ Vector.scalarCount <= count {
        store(rationalGELU(load(y + i)), y + i)
        i &+= Vector.scalarCount
    }
    let rest = count &- i
    if rest > 0 { storePart(rationalGELU(loadPart(y + i, rest)), y + i, rest) }
}

@inline(never)
private func siluRow(_ y: UnsafeMutablePointer<Float>, _ count: Int) {
    var i = 0
    while i &+ Vector.scalarCount <= count {
        store(silu(load(y + i)), y + i)
        i &+= Vector.scalarCount
    }
    let rest = count &- i
    if rest > 0 { storePart(silu(loadPart(y + i, rest)), y + i, rest) }
}

@inline(never)
private func sigmoidRow(_ y: UnsafeMutablePointer<Float>, _ count: Int) {
    var i = 0
    while i &+ Vector.scalarCount <= count {
        store(logistic(load(y + i)), y + i)
        i &+= Vector.scalarCount
    }
    let rest = count &- i
    if rest > 0 { storePart(logistic(loadPart(y + i, rest)), y + i, rest) }
}
