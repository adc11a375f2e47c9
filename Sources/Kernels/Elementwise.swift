import KernelInterface

func elementwiseKernels() -> ElementwiseKernels {
    ElementwiseKernels(
        add: addElements,
        subtract: subtractElements,
        multiply: multiplyElements,
        scale: scaleElements,
        relu: reluElements,
        reluPullback: reluPullbackElements)
}

/// `max(x, 0)`; not a number stays so.
@inline(__always)
func rectified(_ x: Vector) -> Vector {
    let zero = Vector(repeating: 0)
    return x.replacing(with: zero, where: x .< zero)
}

/// `dy` where `y > 0`, else 0.
@inline(__always)
func passed(_ dy: Vector, _ y: Vector) -> Vector {
    let zero = Vector(repeating: 0)
    return dy.replacing(with: zero, where: y .<= zero)
}

// MARK: - Loops

@Sendable
private func addElements(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(load(a + i) + load(b + i), y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 {
        let last = loadPartial(a + i, rest) + loadPartial(b + i, rest)
        storePartial(last, y + i, rest)
    }
}

@Sendable
private func subtractElements(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(load(a + i) - load(b + i), y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 {
        let last = loadPartial(a + i, rest) - loadPartial(b + i, rest)
        storePartial(last, y + i, rest)
    }
}

@Sendable
private func multiplyElements(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(load(a + i) * load(b + i), y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 {
        let last = loadPartial(a + i, rest) * loadPartial(b + i, rest)
        storePartial(last, y + i, rest)
    }
}

@Sendable
private func scaleElements(
    _ x: UnsafePointer<Float>, _ factor: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(load(x + i) * factor, y + i)
        i += Vector.scalarCount
    }
    while i < count {
        y[i] = x[i] * factor
        i += 1
    }
}

@Sendable
private func reluElements(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(rectified(load(x + i)), y + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 { storePartial(rectified(loadPartial(x + i, rest)), y + i, rest) }
}

@Sendable
private func reluPullbackElements(
    _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ count: Int
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        store(passed(load(dy + i), load(y + i)), dx + i)
        i += Vector.scalarCount
    }
    let rest = count - i
    if rest > 0 {
        let last = passed(loadPartial(dy + i, rest), loadPartial(y + i, rest))
        storePartial(last, dx + i, rest)
    }
}
