import KernelInterface

// Each activation has a loop of its own with nothing beside: with a switch or optional operands
// inside, the compiler cuts wide vectors in parts, and GELU takes four times as long.

/// Runs an epilogue, but for its bias, over rows of a result.
@Sendable
func finishRows(_ y: UnsafeMutablePointer<Float>, _ part: MatrixPart, _ epilogue: MatrixEpilogue) {
    if epilogue.isPlain, part.columns == 2 &* Vector.scalarCount {
        finishPanel(y, part, epilogue)
        return
    }
    switch epilogue.activation {
    case .none: break
    case .relu: reluRows(y, part)
    case .gelu: geluRows(y, part)
    case .silu: siluRows(y, part)
    case .sigmoid: sigmoidRows(y, part)
    }
    if epilogue.gate != nil || epilogue.scale != nil || epilogue.residual != nil {
        combineRows(y, part, epilogue)
    }
    if epilogue.isRectified { reluRows(y, part) }
}

/// Multiplies rows by gate and scale and adds the residual.
@inline(__always)
private func combineRows(
    _ y: UnsafeMutablePointer<Float>, _ part: MatrixPart, _ epilogue: MatrixEpilogue
) {
    var row = 0
    while row < part.rows {
        let offset = row &* part.stride
        combineRow(y + offset, offset, part.columns, epilogue)
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

/// Rows of two vectors with a ReLU or a residual or both, the most frequent of all.
@inline(never)
private func finishPanel(
    _ y: UnsafeMutablePointer<Float>, _ part: MatrixPart, _ epilogue: MatrixEpilogue
) {
    let zero = Vector(repeating: 0)
    let none = Vector(repeating: -Float.infinity)
    let before = epilogue.activation == .relu ? zero : none
    let behind = epilogue.isRectified ? zero : none
    let right = Vector.scalarCount
    var line = y
    var row = 0
    guard var residual = epilogue.residual else {
        let least = larger(before, behind)
        while row < part.rows {
            store(larger(load(line), least), line)
            store(larger(load(line + right), least), line + right)
            line += part.stride
            row &+= 1
        }
        return
    }
    while row < part.rows {
        let first = larger(load(line), before) + load(residual)
        let second = larger(load(line + right), before) + load(residual + right)
        store(larger(first, behind), line)
        store(larger(second, behind), line + right)
        line += part.stride
        residual += part.stride
        row &+= 1
    }
}

@inline(never)
private func reluRows(_ y: UnsafeMutablePointer<Float>, _ part: MatrixPart) {
    let zero = Vector(repeating: 0)
    var row = 0
    while row < part.rows {
        let line = y + row &* part.stride
        var i = 0
        while i &+ Vector.scalarCount <= part.columns {
            store(larger(load(line + i), zero), line + i)
            i &+= Vector.scalarCount
        }
        let rest = part.columns &- i
        if rest > 0 { storePart(larger(loadPart(line + i, rest), zero), line + i, rest) }
        row &+= 1
    }
}

@inline(never)
private func geluRows(_ y: UnsafeMutablePointer<Float>, _ part: MatrixPart) {
    var row = 0
    while row < part.rows {
        let line = y + row &* part.stride
        var i = 0
        while i &+ Vector.scalarCount <= part.columns {
            store(rationalGELU(load(line + i)), line + i)
            i &+= Vector.scalarCount
        }
        let rest = part.columns &- i
        if rest > 0 { storePart(rationalGELU(loadPart(line + i, rest)), line + i, rest) }
        row &+= 1
    }
}

@inline(never)
private func siluRows(_ y: UnsafeMutablePointer<Float>, _ part: MatrixPart) {
    var row = 0
    while row < part.rows {
        let line = y + row &* part.stride
        var i = 0
        while i &+ Vector.scalarCount <= part.columns {
            store(silu(load(line + i)), line + i)
            i &+= Vector.scalarCount
        }
        let rest = part.columns &- i
        if rest > 0 { storePart(silu(loadPart(line + i, rest)), line + i, rest) }
        row &+= 1
    }
}

@inline(never)
private func sigmoidRows(_ y: UnsafeMutablePointer<Float>, _ part: MatrixPart) {
    var row = 0
    while row < part.rows {
        let line = y + row &* part.stride
        var i = 0
        while i &+ Vector.scalarCount <= part.columns {
            store(logistic(load(line + i)), line + i)
            i &+= Vector.scalarCount
        }
        let rest = part.columns &- i
        if rest > 0 { storePart(logistic(loadPart(line + i, rest)), line + i, rest) }
        row &+= 1
    }
}
