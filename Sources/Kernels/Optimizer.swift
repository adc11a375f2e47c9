import KernelInterface

func optimizerKernels() -> OptimizerKernels {
    OptimizerKernels(
        adamW: adamW, sgd: sgd, average: average, sumOfSquares: sumOfSquares)
}

private func adamW(
    _ p: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>,
    _ m: UnsafeMutablePointer<Float>, _ v: UnsafeMutablePointer<Float>,
    _ factors: AdamWFactors, _ count: Int
) {
    let keep = 1 - factors.learningRate * factors.weightDecay
    let step = factors.learningRate / factors.correction1
    let inverse = 1 / factors.correction2
    var i = 0
    while i < count {
        let rest = count - i
        let width = rest < Vector.scalarCount ? rest : Vector.scalarCount
        let gradient = loadLanes(g + i, width)
        let first = loadLanes(m + i, width)
        let second = loadLanes(v + i, width) * factors.beta2
        let mean = first.addingProduct(
            gradient - first, Vector(repeating: 1 - factors.beta1))
        let square = second.addingProduct(
            gradient * gradient, Vector(repeating: 1 - factors.beta2))
        let root = square.squareRoot() * inverse + Vector(repeating: factors.epsilon)
        let weight = loadLanes(p + i, width) * keep - (mean / root) * step
        storeLanes(weight, p + i, width)
        storeLanes(mean, m + i, width)
        storeLanes(square, v + i, width)
        i += Vector.scalarCount
    }
}

private func sgd(
    _ p: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>,
    _ v: UnsafeMutablePointer<Float>, _ factors: SGDFactors, _ count: Int
) {
    let decay = Vector(repeating: factors.weightDecay)
    var i = 0
    while i < count {
        let rest = count - i
        let width = rest < Vector.scalarCount ? rest : Vector.scalarCount
        let weight = loadLanes(p + i, width)
        let gradient = loadLanes(g + i, width).addingProduct(weight, decay)
        let velocity = loadLanes(v + i, width) * factors.momentum + gradient
        storeLanes(weight - velocity * factors.learningRate, p + i, width)
        storeLanes(velocity, v + i, width)
        i += Vector.scalarCount
    }
}

private func average(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ decay: Float, _ count: Int
) {
    let share = Vector(repeating: 1 - decay)
    var i = 0
    while i < count {
        let rest = count - i
        let width = rest < Vector.scalarCount ? rest : Vector.scalarCount
        let old = loadLanes(y + i, width)
        storeLanes(old.addingProduct(loadLanes(x + i, width) - old, share), y + i, width)
        i += Vector.scalarCount
    }
}

/// Elements that are summed in single precision before they are added in double.
private let run = 1024

private func sumOfSquares(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var total = 0.0
    var start = 0
    while start < count {
        let rest = count - start
        let end = start + (rest < run ? rest : run)
        var sums = Vector(repeating: 0)
        var i = start
        while i < end {
            let width = end - i
            let value = loadLanes(x + i, width < Vector.scalarCount ? width : Vector.scalarCount)
            sums = sums.addingProduct(value, value)
            i += Vector.scalarCount
        }
        total += Double(horizontalSum(sums))
        start += run
    }
    return total
}
