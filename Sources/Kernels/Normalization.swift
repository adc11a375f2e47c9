import KernelInterface

func normalizationKernels() -> NormalizationKernels {
    NormalizationKernels(
        layerNorm: layerNorm, layerNormPullback: layerNormPullback)
}

/// The mean of a row.
@inline(__always)
private func mean(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var sums = Vector(repeating: 0)
    var i = 0
    while i + Vector.scalarCount <= count {
        sums += load(x + i)
        i += Vector.scalarCount
    }
    var total = horizontalSum(sums)
    while i < count {
        total += x[i]
        i += 1
    }
    return total / Float(count)
}

/// One over the deviation of a row around its mean.
@inline(__always)
private func inverseDeviation(
    _ x: UnsafePointer<Float>, _ count: Int, mean: Float, epsilon: Float
) -> Float {
    let centre = Vector(repeating: mean)
    var squares = Vector(repeating: 0)
    var i = 0
    while i + Vector.scalarCount <= count {
        let deviation = load(x + i) - centre
        squares = squares.addingProduct(deviation, deviation)
        i += Vector.scalarCount
    }
    var total = horizontalSum(squares)
    while i < count {
        let deviation = x[i] - mean
        total = total.addingProduct(deviation, deviation)
        i += 1
    }
    return 1 / (total / Float(count) + epsilon).squareRoot()
}

private func layerNorm(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ sizes: RowNormalization
) {
    let (rows, count) = (sizes.extent.rows, sizes.extent.channels)
    var row = 0
    while row &+ 4 <= rows {
        normalizeFour(x + row &* count, weight, bias, y + row &* count, sizes)
        row &+= 4
    }
    while row < rows {
        let source = x + row &* count
        let target = y + row &* count
        let centre = mean(source, count)
        let inverse = inverseDeviation(source, count, mean: centre, epsilon: sizes.epsilon)
        var i = 0
        while i + Vector.scalarCount <= count {
            let normal = (load(source + i) - Vector(repeating: centre)) * inverse
            store(load(bias + i).addingProduct(normal, load(weight + i)), target + i)
            i += Vector.scalarCount
        }
        while i < count {
            target[i] = bias[i].addingProduct((source[i] - centre) * inverse, weight[i])
            i += 1
        }
        row &+= 1
    }
}

/// Four rows side by side, each with the same sums as alone: one waits for its sums, its root and
/// its quotient three times as long as it takes.
@inline(__always)
private func normalizeFour(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ sizes: RowNormalization
) {
    let count = sizes.extent.channels
    let means = fourMeans(x, count)
    let inverses = fourInverseDeviations(x, count, means, epsilon: sizes.epsilon)
    let lanes = Vector.scalarCount
    let (mean0, mean1) = (Vector(repeating: means[0]), Vector(repeating: means[1]))
    let (mean2, mean3) = (Vector(repeating: means[2]), Vector(repeating: means[3]))
    let (factor0, factor1) = (Vector(repeating: inverses[0]), Vector(repeating: inverses[1]))
    let (factor2, factor3) = (Vector(repeating: inverses[2]), Vector(repeating: inverses[3]))
    var i = 0
    while i &+ lanes <= count {
        let (source, target) = (x + i, y + i)
        let (w, b) = (load(weight + i), load(bias + i))
        let n0 = (load(source) - mean0) * factor0
        let n1 = (load(source + count) - mean1) * factor1
        let n2 = (load(source + 2 &* count) - mean2) * factor2
        let n3 = (load(source + 3 &* count) - mean3) * factor3
        store(b.addingProduct(n0, w), target)
        store(b.addingProduct(n1, w), target + count)
        store(b.addingProduct(n2, w), target + 2 &* count)
        store(b.addingProduct(n3, w), target + 3 &* count)
        i &+= lanes
    }
    while i < count {
        let normal = (column(x + i, count) - means) * inverses
        let value = SIMD4(repeating: bias[i]).addingProduct(
            normal, SIMD4(repeating: weight[i]))
        for row in 0..<4 { y[row &* count &+ i] = value[row] }
        i &+= 1
    }
}

/// One element of each of four rows.
@inline(__always)
private func column(_ x: UnsafePointer<Float>, _ stride: Int) -> SIMD4<Float> {
    SIMD4(x[0], x[stride], x[2 &* stride], x[3 &* stride])
}

/// The means of four rows.
@inline(__always)
private func fourMeans(_ x: UnsafePointer<Float>, _ count: Int) -> SIMD4<Float> {
    var s0 = Vector(repeating: 0)
    var (s1, s2, s3) = (s0, s0, s0)
    var i = 0
    while i &+ Vector.scalarCount <= count {
        let source = x + i
        s0 += load(source)
        s1 += load(source + count)
        s2 += load(source + 2 &* count)
        s3 += load(source + 3 &* count)
        i &+= Vector.scalarCount
    }
    var totals = SIMD4(
        horizontalSum(s0), horizontalSum(s1), horizontalSum(s2), horizontalSum(s3))
    while i < count {
        totals += column(x + i, count)
        i &+= 1
    }
    return totals / SIMD4(repeating: Float(count))
}

/// One over the deviations of four rows around their means.
@inline(__always)
private func fourInverseDeviations(
    _ x: UnsafePointer<Float>, _ count: Int, _ means: SIMD4<Float>, epsilon: Float
) -> SIMD4<Float> {
    let (mean0, mean1) = (Vector(repeating: means[0]), Vector(repeating: means[1]))
    let (mean2, mean3) = (Vector(repeating: means[2]), Vector(repeating: means[3]))
    var s0 = Vector(repeating: 0)
    var (s1, s2, s3) = (s0, s0, s0)
    var i = 0
    while i &+ Vector.scalarCount <= count {
        let source = x + i
        let d0 = load(source) - mean0
        let d1 = load(source + count) - mean1
        let d2 = load(source + 2 &* count) - mean2
        let d3 = load(source + 3 &* count) - mean3
        s0 = s0.addingProduct(d0, d0)
        s1 = s1.addingProduct(d1, d1)
        s2 = s2.addingProduct(d2, d2)
        s3 = s3.addingProduct(d3, d3)
        i &+= Vector.scalarCount
    }
    var totals = SIMD4(
        horizontalSum(s0), horizontalSum(s1), horizontalSum(s2), horizontalSum(s3))
    while i < count {
        let deviation = column(x + i, count) - means
        totals = totals.addingProduct(deviation, deviation)
        i &+= 1
    }
    let variance = totals / SIMD4(repeating: Float(count)) + SIMD4(repeating: epsilon)
    return SIMD4(repeating: 1) / variance.squareRoot()
}

private func layerNormPullback(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
    _ sizes: RowNormalization
) {
    let count = sizes.extent.channels
    for i in 0..<2 * count { sums[i] = 0 }
    for row in 0..<sizes.extent.rows {
        let start = row * count
        let centre = mean(x + start, count)
        let inverse = inverseDeviation(x + start, count, mean: centre, epsilon: sizes.epsilon)
        addParameterGradients(
            dy + start, x + start, sums, count, mean: centre, inverse: inverse)
        inputGradient(
            dy + start, x + start, weight, dx + start, count,
            RowMoments(mean: centre, inverseDeviation: inverse))
    }
}

/// The statistics of one row.
private struct RowMoments {
    let mean: Float
    let inverseDeviation: Float
}

/// Adds `dy xhat` to the first row of `sums` and `dy` to the second.
@inline(__always)
private func addParameterGradients(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
    _ count: Int, mean: Float, inverse: Float
) {
    var i = 0
    while i + Vector.scalarCount <= count {
        let gradient = load(dy + i)
        let normal = (load(x + i) - Vector(repeating: mean)) * inverse
        store(load(sums + i).addingProduct(gradient, normal), sums + i)
        store(load(sums + count + i) + gradient, sums + count + i)
        i += Vector.scalarCount
    }
    while i < count {
        sums[i] = sums[i].addingProduct(dy[i], (x[i] - mean) * inverse)
        sums[count + i] += dy[i]
        i += 1
    }
}

/// `dx = (g - mean(g) - xhat mean(g xhat)) / deviation` with `g = dy w`.
@inline(__always)
private func inputGradient(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>, _ count: Int, _ moments: RowMoments
) {
    let centre = Vector(repeating: moments.mean)
    let inverse = moments.inverseDeviation
    var sums = Vector(repeating: 0)
    var products = sums
    var i = 0
    while i + Vector.scalarCount <= count {
        let g = load(dy + i) * load(weight + i)
        sums += g
        products = products.addingProduct(g, (load(x + i) - centre) * inverse)
        i += Vector.scalarCount
    }
    var sum = horizontalSum(sums)
    var product = horizontalSum(products)
    while i < count {
        let g = dy[i] * weight[i]
        sum += g
        product = product.addingProduct(g, (x[i] - moments.mean) * inverse)
        i += 1
    }
    sum /= Float(count)
    product /= Float(count)
    i = 0
    while i + Vector.scalarCount <= count {
        let g = load(dy + i) * load(weight + i) - Vector(repeating: sum)
        let normal = (load(x + i) - centre) * inverse
        store((g - normal * product) * inverse, dx + i)
        i += Vector.scalarCount
    }
    while i < count {
        let normal = (x[i] - moments.mean) * inverse
        dx[i] = (dy[i] * weight[i] - sum - normal * product) * inverse
        i += 1
    }
}
