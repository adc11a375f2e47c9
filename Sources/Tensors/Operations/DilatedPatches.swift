import KernelInterface
import Parallelism

/// The pixels under the taps of a dilated square kernel, side by side:
/// `x [N, H, W, C]` to `[N, H, W, k k C]`, zeros outside of the map.
///
/// The kernel is centred, so that the map keeps its size. A linear map by a weight `[O, k, k, C]`,
/// read as a matrix, makes it the dilated convolution.
public struct DilatedPatches: Operation {
    /// The name in layer tables.
    public let name = "DilatedPatches"
    /// Taps along each axis, an odd number.
    public let side: Int
    /// Pixels from one tap to the next.
    public let dilation: Int

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - side: Taps along each axis, an odd number.
    ///   - dilation: Pixels from one tap to the next, at least 1.
    public init(side: Int, dilation: Int) {
        precondition(side % 2 == 1 && dilation >= 1, "\(side) taps, \(dilation) apart")
        self.side = side
        self.dilation = dilation
    }

    /// `[N, H, W, k k C]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        precondition(inputs[0].rank == 4, "patches of \(inputs[0])")
        return inputs[0].replacingChannels(with: side * side * inputs[0].channels)
    }

    /// Calls `body` with each tap's number and the position that it meets, nil outside of the map.
    private func forEachTap(
        _ row: Int, _ column: Int, _ shape: Shape, sign: Int, _ body: (Int, Int?) -> Void
    ) {
        for tap in 0..<side * side {
            let y = row + sign * (tap / side - side / 2) * dilation
            let x = column + sign * (tap % side - side / 2) * dilation
            let isInside = y >= 0 && y < shape[1] && x >= 0 && x < shape[2]
            body(tap, isInside ? y * shape[2] + x : nil)
        }
    }

    /// Copies pixel by pixel.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let shape = x.shapes[0]
        let (channels, taps) = (shape[3], side * side)
        parallelFor(shape[0] * shape[1]) { line in
            let image = x[0] + line / shape[1] * shape[1] * shape[2] * channels
            for column in 0..<shape[2] {
                let target = y + (line * shape[2] + column) * taps * channels
                forEachTap(line % shape[1], column, shape, sign: 1) { tap, pixel in
                    let part = target + tap * channels
                    if let pixel {
                        part.update(from: image + pixel * channels, count: channels)
                    } else {
                        part.update(repeating: 0, count: channels)
                    }
                }
            }
        }
    }

    /// Keeps nothing; each pixel sums what the patches that hold it got.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let shape = inputs[0].shape
        return { dy, _ in
            let (channels, taps) = (shape[3], side * side)
            let dx = Tensor(shape: shape, repeating: 0)
            parallelFor(shape[0] * shape[1]) { line in
                let first = line / shape[1] * shape[1] * shape[2]
                for column in 0..<shape[2] {
                    let target = dx.storage.pointer + (line * shape[2] + column) * channels
                    forEachTap(line % shape[1], column, shape, sign: -1) { tap, pixel in
                        guard let pixel else { return }
                        let patch = dy.storage.pointer + (first + pixel) * taps * channels
                        kernels.elementwise.add(target, patch + tap * channels, target, channels)
                    }
                }
            }
            return [dx]
        }
    }
}

extension Tensor {
    /// Dilated convolution of `[N, H, W, C]` that keeps the size, without bias.
    ///
    /// - Parameters:
    ///   - weight: `[O, k, k, C]` with an odd `k`.
    ///   - dilation: Pixels from one tap to the next.
    /// - Returns: `[N, H, W, O]`.
    public func convolved(_ weight: Tensor, dilation: Int) -> Tensor {
        DilatedPatches(side: weight.shape[1], dilation: dilation)(self).linear(weight, bias: nil)
    }
}
