import KernelInterface
import Parallelism

/// The upper left part of maps: `x [N, H, W, C]` to `[N, H', W', C]`.
///
/// `dx` is `dy`, and 0 where nothing was taken.
public struct MapCropping: Operation {
    /// The name in layer tables.
    public let name = "MapCropping"
    /// Rows and columns afterwards.
    public let size: MapExtent

    /// Makes the operation.
    ///
    /// - Parameter size: Rows and columns afterwards, at most those before.
    public init(size: MapExtent) { self.size = size }

    /// `[N, H', W', C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let x = inputs[0]
        precondition(
            x.rank == 4 && x[1] >= size.height && x[2] >= size.width, "\(x) cropped to \(size)")
        return [x[0], size.height, size.width, x[3]]
    }

    /// Copies row by row.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        let (old, new) = (shape[2] * shape[3], size.width * shape[3])
        parallelFor(shape[0] * size.height) { line in
            let (sample, row) = (line / size.height, line % size.height)
            (y + line * new).update(
                from: x[0] + (sample * shape[1] + row) * old, count: new)
        }
    }

    /// Keeps nothing.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let size = inputs[0].shape.map
        return { dy, _ in
            [dy.padded(bottom: size.height - dy.shape[1], right: size.width - dy.shape[2])]
        }
    }
}

extension Tensor {
    /// `[N, H, W, C]` with zeros below and to the right, so that the regions of a grid fill it.
    ///
    /// - Parameter grid: Regions that cover the map.
    /// - Returns: `[N, H', W', C]`; of a map that is full already the tensor itself.
    public func padded(toFill grid: RegionGrid) -> Tensor {
        padded(
            bottom: grid.extent.height - shape[1], right: grid.extent.width - shape[2])
    }

    /// The upper left part of `[N, H, W, C]`.
    ///
    /// - Parameters:
    ///   - height: Rows that stay.
    ///   - width: Columns that stay.
    /// - Returns: `[N, height, width, C]`; of a map of that size the tensor itself.
    public func cropped(height: Int, width: Int) -> Tensor {
        let size = MapExtent(height: height, width: width)
        return shape.map == size ? self : MapCropping(size: size)(self)
    }
}
