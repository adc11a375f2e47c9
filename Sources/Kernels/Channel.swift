import KernelInterface

func channelKernels() -> ChannelKernels {
    ChannelKernels(
        scale: scale, affine: affine, addScaled: addScaled, blend: blend,
        sum: sum, dot: dot, moments: moments, centredSums: centredSums)
}

/// Channels from `c` on that fit in one vector.
@inline(__always)
private func lanes(_ extent: RowExtent, _ c: Int) -> Int {
    let rest = extent.channels - c
    return rest < Vector.scalarCount ? rest : Vector.scalarCount
}

private func scale(
    _ x: UnsafePointer<Float>, _ s: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ extent: RowExtent
) {
    var row = 0
    let count = extent.channels
    while row < extent.rows {
        let start = row * count
        var c = 0
        while c + Vector.scalarCount <= count {
            store(load(x + start + c) * load(s + c), y + start + c)
            c += Vector.scalarCount
        }
        while c < count {
            y[start + c] = x[start + c] * s[c]
            c += 1
        }
        row += 1
    }
}

private func affine(
    _ x: UnsafePointer<Float>, _ s: UnsafePointer<Float>, _ t: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    var row = 0
    let count = extent.channels
    while row < extent.rows {
        let start = row * count
        var c = 0
        while c + Vector.scalarCount <= count {
            store(load(t + c).addingProduct(load(x + start + c), load(s + c)), y + start + c)
            c += Vector.scalarCount
        }
        while c < count {
            y[start + c] = t[c].addingProduct(x[start + c], s[c])
            c += 1
        }
        row += 1
    }
}

private func addScaled(
    _ x: UnsafePointer<Float>, _ branch: UnsafePointer<Float>, _ s: UnsafePointer<Float>,
    _ factor: Float, _ y: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    var row = 0
    let count = extent.channels
    while row < extent.rows {
        let start = row * count
        var c = 0
        while c + Vector.scalarCount <= count {
            let value = load(x + start + c)
            let scale = load(s + c) * factor
            store(value.addingProduct(load(branch + start + c), scale), y + start + c)
            c += Vector.scalarCount
        }
        while c < count {
            y[start + c] = x[start + c].addingProduct(branch[start + c], s[c] * factor)
            c += 1
        }
        row += 1
    }
}

private func blend(
    _ p: UnsafePointer<Float>, _ q: UnsafePointer<Float>, _ abc: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    var row = 0
    let count = extent.channels
    let b = abc + count
    let constant = b + count
    while row < extent.rows {
        let start = row * count
        var c = 0
        while c + Vector.scalarCount <= count {
            var value = load(constant + c).addingProduct(load(q + start + c), load(b + c))
            value = value.addingProduct(load(p + start + c), load(abc + c))
            store(value, y + start + c)
            c += Vector.scalarCount
        }
        while c < count {
            let value = constant[c].addingProduct(q[start + c], b[c])
            y[start + c] = value.addingProduct(p[start + c], abc[c])
            c += 1
        }
        row += 1
    }
}

private func sum(
    _ x: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    var c = 0
    let count = extent.channels
    while c + 4 * Vector.scalarCount <= count {
        var s0 = Vector(repeating: 0)
        var s1 = s0
        var s2 = s0
        var s3 = s0
        var source = x + c
        for _ in 0..<extent.rows {
            s0 += load(source)
            s1 += load(source + Vector.scalarCount)
            s2 += load(source + 2 * Vector.scalarCount)
            s3 += load(source + 3 * Vector.scalarCount)
            source += count
        }
        store(s0, result + c)
        store(s1, result + c + Vector.scalarCount)
        store(s2, result + c + 2 * Vector.scalarCount)
        store(s3, result + c + 3 * Vector.scalarCount)
        c += 4 * Vector.scalarCount
    }
    while c < count {
        let width = lanes(extent, c)
        var total = Vector(repeating: 0)
        for row in 0..<extent.rows { total += loadLanes(x + row * count + c, width) }
        storePartial(total, result + c, width)
        c += Vector.scalarCount
    }
}

private func dot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>,
    _ extent: RowExtent
) {
    var c = 0
    let count = extent.channels
    while c + 2 * Vector.scalarCount <= count {
        var s0 = Vector(repeating: 0)
        var s1 = s0
        var offset = c
        for _ in 0..<extent.rows {
            s0 = s0.addingProduct(load(a + offset), load(b + offset))
            let next = offset + Vector.scalarCount
            s1 = s1.addingProduct(load(a + next), load(b + next))
            offset += count
        }
        store(s0, result + c)
        store(s1, result + c + Vector.scalarCount)
        c += 2 * Vector.scalarCount
    }
    while c < count {
        let width = lanes(extent, c)
        var total = Vector(repeating: 0)
        for row in 0..<extent.rows {
            let offset = row * count + c
            total = total.addingProduct(loadLanes(a + offset, width), loadLanes(b + offset, width))
        }
        storePartial(total, result + c, width)
        c += Vector.scalarCount
    }
}

/// Sums twice: for the mean, then around it; what rounding left in the mean is put right after.
private func moments(
    _ x: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    let count = extent.channels
    sum(x, result, extent)
    let inverse = 1 / Float(extent.rows)
    var c = 0
    while c < count {
        let width = lanes(extent, c)
        let mean = loadLanes(result + c, width) * inverse
        var squares = Vector(repeating: 0)
        var rest = squares
        if width == Vector.scalarCount {
            for row in 0..<extent.rows {
                let deviation = load(x + row * count + c) - mean
                rest += deviation
                squares = squares.addingProduct(deviation, deviation)
            }
        } else {
            for row in 0..<extent.rows {
                let deviation = loadPartial(x + row * count + c, width) - mean
                rest += deviation
                squares = squares.addingProduct(deviation, deviation)
            }
        }
        let correction = rest * inverse
        storeLanes(mean + correction, result + c, width)
        storeLanes(squares - rest * correction, result + count + c, width)
        c += Vector.scalarCount
    }
}

private func centredSums(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ mean: UnsafePointer<Float>,
    _ result: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    let count = extent.channels
    var c = 0
    while c + 2 * Vector.scalarCount <= count {
        addCentredPair(a + c, b + c, mean + c, result + c, extent)
        c += 2 * Vector.scalarCount
    }
    while c < count {
        let width = lanes(extent, c)
        let centre = loadLanes(mean + c, width)
        var total = Vector(repeating: 0)
        var products = total
        for row in 0..<extent.rows {
            let offset = row * count + c
            let value = loadLanes(a + offset, width)
            total += value
            products = products.addingProduct(value, loadLanes(b + offset, width) - centre)
        }
        storePartial(total, result + c, width)
        storePartial(products, result + count + c, width)
        c += Vector.scalarCount
    }
}

/// The centred sums of two neighbouring vectors of channels, without branches for parts.
@inline(__always)
private func addCentredPair(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ mean: UnsafePointer<Float>,
    _ result: UnsafeMutablePointer<Float>, _ extent: RowExtent
) {
    let next = Vector.scalarCount
    let (m0, m1) = (load(mean), load(mean + next))
    var t0 = Vector(repeating: 0)
    var (t1, p0, p1) = (t0, t0, t0)
    var offset = 0
    for _ in 0..<extent.rows {
        let (a0, a1) = (load(a + offset), load(a + (offset + next)))
        t0 += a0
        t1 += a1
        p0 = p0.addingProduct(a0, load(b + offset) - m0)
        p1 = p1.addingProduct(a1, load(b + (offset + next)) - m1)
        offset += extent.channels
    }
    store(t0, result)
    store(t1, result + next)
    store(p0, result + extent.channels)
    store(p1, result + (extent.channels + next))
}
