import KernelInterface

func activationKernels() -> ActivationKernels {
    ActivationKernels(
        exponential: exponentialElements,
        gelu: geluElements,
        geluPullback: geluPullbackElements,
        geluAndPullback: geluAndPullbackElements,
        sigmoid: sigmoidElements,
        sigmoidPullback: sigmoidPullbackElements,
        silu: siluElements,
        siluPullback: siluPullbackElements,
        softmax: softmax, softmaxPullback: softmaxPullback)
}

/// `dy y (1 - y)`.
@_transparent
private func sigmoidPullback(_ dy: Vector, _ y: Vector) -> Vector {
    dy * y * (Vector(repeating: 1) - y)
}

/// `x s` with `s = 1 / (1 + exp(-x))`.
@_transparent
func silu(_ x: Vector) -> Vector { x * logistic(x) }

/// `dy s (1 + x (1 - s))`.
@_transparent
private func siluPullback(_ dy: Vector, _ x: Vector) -> Vector {
    let one = Vector(repeating: 1)
    let s = logistic(x)
    return dy * s * (one + x * (one - s))
}

/// The largest element of a row that is not empty.
@inline(__always)
private func maximum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var largest = x[0]
    var i = 0
    if count >= Vector.scalarCount {
        var lanes = load(x)
        while i + Vector.scalarCount <= count {
            lanes = larger(lanes, load(x + i))
            i += Vector.scalarCount
        }
        largest = horizontalMaximum(lanes)
    }
    while i < count {
        if x[i] > largest { largest = x[i] }
        i += 1
    }
    return largest
}

private func softmax(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    let count = extent.channels
    if count == 0 { return }
    for row in 0..<extent.rows {
        let source = x + row * count
        let target = y + row * count
        let shift = Vector(repeating: maximum(source, count))
        var sums = Vector(repeating: 0)
        var i = 0
        while i + Vector.scalarCount <= count {
            let value = exponential(load(source + i) - shift)
            sums += value
            store(value, target + i)
            i += Vector.scalarCount
        }
        var sum = horizontalSum(sums)
        let rest = count - i
        if rest > 0 {
            let value = exponential(loadPartial(source + i, rest) - shift)
            for lane in 0..<rest { sum += value[lane] }
            storePartial(value, target + i, rest)
        }
        scaleRow(target, 1 / sum, count)
    }
}

/// Multiplies a row by a number, in place.
@inline(__always)
private func scaleRow(_ y: UnsafeMutablePointer<Float>, _ factor: Float, _ count: Int) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(load(y + i) * factor, y + i)
        i += Vector.scalarCount
    }
    while i < count {
        y[i] *= factor
        i += 1
    }
}

private func softmaxPullback(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ extent: RowExtent
) {
    let count = extent.channels
    for row in 0..<extent.rows {
        let start = row * count
        var sums = Vector(repeating: 0)
        var i = 0
        while i + Vector.scalarCount <= count {
            sums = sums.addingProduct(load(dy + start + i), load(y + start + i))
            i += Vector.scalarCount
        }
        var dot = horizontalSum(sums)
        while i < count {
            dot += dy[start + i] * y[start + i]
            i += 1
        }
        i = 0
        while i + Vector.scalarCount <= count {
            let difference = load(dy + start + i) - Vector(repeating: dot)
            store(load(y + start + i) * difference, dx + start + i)
            i += Vector.scalarCount
        }
        while i < count {
            dx[start + i] = y[start + i] * (dy[start + i] - dot)
            i += 1
        }
    }
}

// MARK: - Loops

@Sendable
private func exponentialElements(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(exponential(load(x + i)), y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 { storePartial(exponential(loadPartial(x + i, rest)), y + i, rest) }
}

@Sendable
private func sigmoidElements(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(logistic(load(x + i)), y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 { storePartial(logistic(loadPartial(x + i, rest)), y + i, rest) }
}

@Sendable
private func sigmoidPullbackElements(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(sigmoidPullback(load(dy + i), load(y + i)), dx + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 {
        let last = sigmoidPullback(loadPartial(dy + i, rest), loadPartial(y + i, rest))
        storePartial(last, dx + i, rest)
    }
}

@Sendable
private func siluElements(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(silu(load(x + i)), y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 { storePartial(silu(loadPartial(x + i, rest)), y + i, rest) }
}

@Sendable
private func siluPullbackElements(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(siluPullback(load(dy + i), load(x + i)), dx + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 {
        let last = siluPullback(loadPartial(dy + i, rest), loadPartial(x + i, rest))
        storePartial(last, dx + i, rest)
    }
}
