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
    let count = sizes.extent.channels
    for row in 0..<sizes.extent.rows {
        let source = x + row * count
        let target = y + row * count
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
    }
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
