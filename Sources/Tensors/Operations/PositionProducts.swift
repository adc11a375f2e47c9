import KernelInterface

/// Product of two maps summed over the channels: `a`, `b [N, ..., C]` to `[N, ..., 1]`.
///
/// `y[p] = sum over c of a[p, c] b[p, c]`, `da = dy b`, `db = dy a`.
public struct PositionDot: Operation {
    /// The name in layer tables.
    public let name = "PositionDot"

    /// Makes the operation.
    public init() {}

    /// The common shape with one channel.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[0] == inputs[1], "products of \(inputs[0]) and \(inputs[1])")
        return Shape(inputs[0].dimensions.dropLast() + [1])
    }

    /// Computes blocks of rows.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let count = x.shapes[0].channels
        Elements.forEachRowBlock(x.shapes[0].extent) { rows in
            let start = rows.lowerBound * count
            kernels.position.dot(
                x[0] + start, x[1] + start, y + rows.lowerBound,
                RowExtent(rows: rows.count, channels: count))
        }
    }

    /// Keeps both inputs.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (a, b) = (inputs[0], inputs[1])
        return { dy, needs in
            [
                needs[0] ? b.scaledOnTheSpot(byPositions: dy) : nil,
                needs[1] ? a.scaledOnTheSpot(byPositions: dy) : nil,
            ]
        }
    }
}

/// A map moved towards another by one weight a position: `x`, `z [N, ..., C]`, `s [N, ..., 1]`.
///
/// `y = x + s (z - x)`, `dx = (1 - s) dy`, `dz = s dy`, `ds = sum over channels of dy (z - x)`.
public struct PositionBlend: Operation {
    /// The name in layer tables.
    public let name = "PositionBlend"

    /// Makes the operation.
    public init() {}

    /// The shape of `x`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            inputs[1] == x && inputs[2] == Shape(x.dimensions.dropLast() + [1]),
            "\(x) and \(inputs[1]) by \(inputs[2])")
        return x
    }

    /// Computes blocks of rows.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let count = x.shapes[0].channels
        Elements.forEachRowBlock(x.shapes[0].extent) { rows in
            let start = rows.lowerBound * count
            kernels.position.blend(
                x[0] + start, x[1] + start, x[2] + rows.lowerBound, y + start,
                RowExtent(rows: rows.count, channels: count))
        }
    }

    /// Keeps all inputs.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, z, s) = (inputs[0], inputs[1], inputs[2])
        return { dy, needs in
            let dz = needs[0] || needs[1] ? dy.scaledOnTheSpot(byPositions: s) : nil
            return [
                needs[0] ? dz.map { dy - $0 } : nil, dz,
                needs[2] ? PositionDot()(dy, z - x) : nil,
            ]
        }
    }
}

extension Tensor {
    /// The sum over the channels of the product with a map: `[N, ..., C]` to `[N, ..., 1]`.
    ///
    /// - Parameter other: The same shape.
    /// - Returns: One number a position.
    public func positionDot(_ other: Tensor) -> Tensor { PositionDot()(self, other) }

    /// `x + s (z - x)`: the map moved towards another by one weight a position.
    ///
    /// - Parameters:
    ///   - other: `z`, the shape of this tensor.
    ///   - weights: `s [N, ..., 1]`, 0 for this tensor, 1 for the other.
    /// - Returns: The same shape.
    public func blended(with other: Tensor, by weights: Tensor) -> Tensor {
        PositionBlend()(self, other, weights)
    }

    /// The product with one factor a position, not recorded.
    fileprivate func scaledOnTheSpot(byPositions factors: Tensor) -> Tensor {
        let count = shape.channels
        return withElements { x in
            factors.withElements { s in
                Tensor(shape: shape) { y in
                    Elements.forEachRowBlock(shape.extent) { rows in
                        let start = rows.lowerBound * count
                        kernels.position.scale(
                            x + start, s + rows.lowerBound, y + start,
                            RowExtent(rows: rows.count, channels: count))
                    }
                }
            }
        }
    }
}
