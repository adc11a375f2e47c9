import KernelInterface

let elementwiseKernels = ElementwiseKernels(
    add: { a, b, y, count in
        var i = 0
        while i &+ Vector.scalarCount <= count {
            store(load(a + i) + load(b + i), y + i)
            i &+= Vector.scalarCount
        }
        while i < count {
            y[i] = a[i] + b[i]
            i &+= 1
        }
    },
    relu: { x, y, count in
        var i = 0
        let zero = Vector(repeating: 0)
        while i &+ Vector.scalarCount <= count {
            let value = load(x + i)
            store(value.replacing(with: zero, where: value .< zero), y + i)
            i &+= Vector.scalarCount
        }
        while i < count {
            y[i] = x[i] < 0 ? 0 : x[i]
            i &+= 1
        }
    },
    reluPullback: { dy, y, dx, count in
        var i = 0
        let zero = Vector(repeating: 0)
        while i &+ Vector.scalarCount <= count {
            store(load(dy + i).replacing(with: zero, where: load(y + i) .<= zero), dx + i)
            i &+= Vector.scalarCount
        }
        while i < count {
            dx[i] = y[i] > 0 ? dy[i] : 0
            i &+= 1
        }
    })
