import KernelInterface

func positionKernels() -> PositionKernels {
    PositionKernels(
        dot: dot, scale: scale, blend: blend, summary: summary,
        summaryPullback: summaryPullback, select: select, selectPullback: selectPullback,
        mixPixels: mixPixels, accumulate: accumulate)
}

// MARK: - Products

private func dot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ extent: RowExtent
) {
    let count = extent.channels
    for row in 0..<extent.rows {
        let start = row * count
        var total = Vector(repeating: 0)
        var c = 0
        while c + Vector.scalarCount <= count {
            total = total.addingProduct(load(a + start + c), load(b + start + c))
            c += Vector.scalarCount
        }
        var sum = horizontalSum(total)
        while c < count {
            sum = sum.addingProduct(a[start + c], b[start + c])
            c += 1
        }
        y[row] = sum
    }
}

private func scale(
    _ x: UnsafePointer<Float>, _ s: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ extent: RowExtent
) {
    let count = extent.channels
    for row in 0..<extent.rows {
        let start = row * count
        var c = 0
        while c + Vector.scalarCount <= count {
            store(load(x + start + c) * s[row], y + start + c)
            c += Vector.scalarCount
        }
        while c < count {
            y[start + c] = x[start + c] * s[row]
            c += 1
        }
    }
}

private func blend(
    _ x: UnsafePointer<Float>, _ z: UnsafePointer<Float>, _ s: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    let count = extent.channels
    for row in 0..<extent.rows {
        let start = row * count
        let weight = Vector(repeating: s[row])
        var c = 0
        while c + Vector.scalarCount <= count {
            let value = load(x + start + c)
            store(value.addingProduct(load(z + start + c) - value, weight), y + start + c)
            c += Vector.scalarCount
        }
        while c < count {
            let value = x[start + c]
            y[start + c] = value.addingProduct(z[start + c] - value, s[row])
            c += 1
        }
    }
}

// MARK: - Mean and maximum

private func summary(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    let count = extent.channels
    let share = 1 / Float(count)
    for row in 0..<extent.rows {
        let source = x + row * count
        var total = Vector(repeating: 0)
        var largest = Vector(repeating: -Float.infinity)
        var c = 0
        while c + Vector.scalarCount <= count {
            let value = load(source + c)
            total += value
            largest = larger(largest, value)
            c += Vector.scalarCount
        }
        var sum = horizontalSum(total)
        var top = horizontalMaximum(largest)
        while c < count {
            sum += source[c]
            if source[c] > top { top = source[c] }
            c += 1
        }
        y[2 * row] = sum * share
        y[2 * row + 1] = top
    }
}

private func summaryPullback(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ extent: RowExtent
) {
    let count = extent.channels
    let share = 1 / Float(count)
    for row in 0..<extent.rows {
        let source = x + row * count
        let target = dx + row * count
        let gradient = dy[2 * row] * share
        var top = 0
        for c in 0..<count {
            target[c] = gradient
            if source[c] > source[top] { top = c }
        }
        target[top] += dy[2 * row + 1]
    }
}

// MARK: - Choice between three maps

private func select(
    _ operands: SelectionOperands, _ y: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    let count = extent.channels
    let (a, gateA) = (operands.first.x, operands.first.gates)
    let (b, gateB) = (operands.second.x, operands.second.gates)
    let (d, gateD) = (operands.third.x, operands.third.gates)
    for row in 0..<extent.rows {
        let start = row * count
        let weights = operands.weights + 3 * row
        var c = 0
        while c + Vector.scalarCount <= count {
            var value = load(a + start + c) * load(gateA + c) * weights[0]
            value = value.addingProduct(load(b + start + c), load(gateB + c) * weights[1])
            value = value.addingProduct(load(d + start + c), load(gateD + c) * weights[2])
            store(value, y + start + c)
            c += Vector.scalarCount
        }
        while c < count {
            var value = a[start + c] * gateA[c] * weights[0]
            value = value.addingProduct(b[start + c], gateB[c] * weights[1])
            y[start + c] = value.addingProduct(d[start + c], gateD[c] * weights[2])
            c += 1
        }
    }
}

private func selectPullback(
    _ dy: UnsafePointer<Float>, _ branch: SelectionBranch, _ extent: RowExtent
) {
    let count = extent.channels
    for c in 0..<count { branch.dGates[c] = 0 }
    for row in 0..<extent.rows {
        let start = row * count
        let weight = branch.weights[3 * row]
        var total = Vector(repeating: 0)
        var c = 0
        while c + Vector.scalarCount <= count {
            let gradient = load(dy + start + c)
            let x = load(branch.map.x + start + c)
            let gated = gradient * load(branch.map.gates + c)
            store(gated * weight, branch.dx + start + c)
            total = total.addingProduct(gated, x)
            let sum = load(branch.dGates + c)
            store(sum.addingProduct(gradient * weight, x), branch.dGates + c)
            c += Vector.scalarCount
        }
        var sum = horizontalSum(total)
        while c < count {
            let gated = dy[start + c] * branch.map.gates[c]
            branch.dx[start + c] = gated * weight
            sum = sum.addingProduct(gated, branch.map.x[start + c])
            branch.dGates[c] += dy[start + c] * weight * branch.map.x[start + c]
            c += 1
        }
        branch.dWeights[3 * row] = sum
    }
}

// MARK: - Pixels

private func mixPixels(
    _ pixels: PixelMixture, _ y: UnsafeMutablePointer<Float>, _ count: Int
) {
    let (upper, lower, step) = (pixels.upper, pixels.lower, pixels.step)
    let across = Vector(repeating: pixels.columnWeight)
    let down = Vector(repeating: pixels.rowWeight)
    var c = 0
    while c + Vector.scalarCount <= count {
        let (a, b) = (load(upper + c), load(lower + c))
        let top = a.addingProduct(load(upper + step + c) - a, across)
        let bottom = b.addingProduct(load(lower + step + c) - b, across)
        store(top.addingProduct(bottom - top, down), y + c)
        c += Vector.scalarCount
    }
    while c < count {
        let (a, b) = (upper[c], lower[c])
        let top = a.addingProduct(upper[step + c] - a, pixels.columnWeight)
        let bottom = b.addingProduct(lower[step + c] - b, pixels.columnWeight)
        y[c] = top.addingProduct(bottom - top, pixels.rowWeight)
        c += 1
    }
}

private func accumulate(
    _ x: UnsafePointer<Float>, _ factor: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int
) {
    var c = 0
    while c + Vector.scalarCount <= count {
        store(load(y + c).addingProduct(load(x + c), Vector(repeating: factor)), y + c)
        c += Vector.scalarCount
    }
    while c < count {
        y[c] = y[c].addingProduct(x[c], factor)
        c += 1
    }
}
