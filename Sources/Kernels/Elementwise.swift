import KernelInterface

func elementwiseKernels() -> ElementwiseKernels {
    ElementwiseKernels(
        add: { a, b, y, count in
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
        },
        subtract: { a, b, y, count in
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
        },
        multiply: { a, b, y, count in
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
        },
        scale: { x, factor, y, count in
            var i = 0
            while i + Vector.scalarCount <= count {
                store(load(x + i) * factor, y + i)
                i += Vector.scalarCount
            }
            while i < count {
                y[i] = x[i] * factor
                i += 1
            }
        },
        relu: { x, y, count in
            var i = 0
            while i + Vector.scalarCount <= count {
                store(rectified(load(x + i)), y + i)
                i += Vector.scalarCount
            }
            let rest = count - i
            if rest > 0 { storePartial(rectified(loadPartial(x + i, rest)), y + i, rest) }
        },
        reluPullback: { dy, y, dx, count in
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
        })
}

/// `max(x, 0)`; not a number stays so.
@inline(__always)
private func rectified(_ x: Vector) -> Vector {
    let zero = Vector(repeating: 0)
    return x.replacing(with: zero, where: x .< zero)
}

/// `dy` where `y > 0`, else 0.
@inline(__always)
private func passed(_ dy: Vector, _ y: Vector) -> Vector {
    let zero = Vector(repeating: 0)
    return dy.replacing(with: zero, where: y .<= zero)
}
