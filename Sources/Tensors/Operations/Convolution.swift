import KernelInterface

/// Two-dimensional convolution of channels-last features.
///
/// Inputs: `x [N, H, W, I]`, `w [O, kh, kw, I]`, and optionally `b [O]`; output `[N, H', W', O]`
/// with `H' = (H + 2 padding - kh) / stride + 1`, likewise `W'`, and
/// `y[n, i, j, o] = b[o] + sum of w[o, u, v, c] x[n, i stride + u - padding, j stride + v - padding, c]`,
/// where pixels outside of the image are zero.
public struct Convolution: Operation {
    /// The name in layer tables.
    public let name = "Convolution"
    /// Pixels from one output to the next.
    public let stride: Int
    /// Rows and columns of zeros around the image.
    public let padding: Int

    /// Makes the operation.
    ///
    /// - Parameters:
    ///   - stride: Pixels from one output to the next, at least 1.
    ///   - padding: Rows and columns of zeros around the image.
    public init(stride: Int, padding: Int) {
        precondition(stride >= 1 && padding >= 0, "stride \(stride), padding \(padding)")
        self.stride = stride
        self.padding = padding
    }

    private func extent(_ size: Int, kernel: Int) -> Int {
        size + 2 * padding < kernel ? 0 : (size + 2 * padding - kernel) / stride + 1
    }

    /// `[N, H', W', O]`.
    public func outputShape(_ inputs: [Shape]) -> Shape {
        let (x, w) = (inputs[0], inputs[1])
        precondition(
            x.rank == 4 && w.rank == 4 && x[3] == w[3],
            "a weight \(w) cannot be convolved with features \(x)")
        precondition(
            inputs.count < 3 || inputs[2].count == w[0],
            "a bias \(inputs.last ?? []) does not fit \(w[0]) outputs")
        return [x[0], extent(x[1], kernel: w[1]), extent(x[2], kernel: w[2]), w[0]]
    }

    /// The extents of a convolution.
    ///
    /// - Parameter inputs: Shapes of input and weight.
    /// - Returns: The extents.
    func geometry(_ inputs: [Shape]) -> ConvolutionGeometry {
        ConvolutionGeometry(
            input: inputs[0], weight: inputs[1], output: outputShape(inputs), stride: stride,
            padding: padding)
    }

    /// Minimal filtering, a product in place, or one of gathered patches.
    public func algorithm(_ inputs: [Shape]) -> String? {
        ConvolutionProduct(geometry(inputs), .oneCall).algorithmName
    }

    /// Room for the packed weight and for the patches of each thread.
    public func scratchCount(_ inputs: [Shape]) -> Int {
        let product = ConvolutionProduct(geometry(inputs), .oneCall)
        return product.packedCount + max(product.packingScratchCount, product.scratchCount)
    }

    /// Output pixels times the elements of the weight.
    public func multiplyAdds(_ inputs: [Shape]) -> Int {
        outputShape(inputs).rows * inputs[1].count
    }

    /// Packs the weight and multiplies patches with it.
    public func forward(
        _ x: Operands, into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let product = ConvolutionProduct(geometry(x.shapes), .oneCall)
        let memory = scratch + product.packedCount
        product.pack(x[1], into: scratch, scratch: memory)
        product(
            x[0], scratch, epilogue: MatrixEpilogue(bias: x.shapes.count > 2 ? x[2] : nil),
            into: y, scratch: memory)
    }

    /// Keeps the input and the weight.
    public func pullback(inputs: [Tensor], output: Tensor) -> Pullback {
        let (x, weight) = (inputs[0], inputs[1])
        let geometry = geometry([x.shape, weight.shape])
        return { dy, needs in
            var gradients: [Tensor?] = [
                needs[0] ? geometry.inputGradient(dy, weight: weight) : nil,
                needs[1] ? geometry.weightGradient(dy, x: x) : nil,
            ]
            if needs.count > 2 {
                gradients.append(
                    needs[2]
                        ? ColumnSums.of(dy, rows: dy.shape.rows, columns: dy.shape.channels)
                        : nil)
            }
            return gradients
        }
    }
}

extension Tensor {
    /// Two-dimensional convolution of channels-last features `[N, H, W, I]`.
    ///
    /// A 1x1 kernel with stride 1 and no padding becomes a matrix product.
    ///
    /// - Parameters:
    ///   - weight: `[O, kh, kw, I]`.
    ///   - bias: `[O]`, or nil.
    ///   - stride: Pixels from one output to the next, at least 1.
    ///   - padding: Rows and columns of zeros around the image.
    /// - Returns: `[N, H', W', O]`.
    public func convolved(_ weight: Tensor, bias: Tensor?, stride: Int, padding: Int) -> Tensor {
        let isPointwise = weight.shape.dimensions[1..<3] == [1, 1]
        if isPointwise && stride == 1 && padding == 0 { return linear(weight, bias: bias) }
        return Convolution(stride: stride, padding: padding)
            .apply(to: [self, weight] + (bias.map { [$0] } ?? []))
    }
}
