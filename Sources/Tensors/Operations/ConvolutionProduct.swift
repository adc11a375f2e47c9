import KernelInterface

/// The output of a convolution, by the algorithm that its extents call for.
struct ConvolutionProduct: Sendable {
    private let patches: PatchGeometry
    private let layout: MatrixLayout
    private let rows: MatrixRun
    private let winograd: WinogradConvolution?
    private let direct: DirectConvolution?

    /// Floats of the packed weight.
    let packedCount: Int
    /// Floats of working memory of `pack`.
    let packingScratchCount: Int
    /// Floats of working memory of a call.
    let scratchCount: Int

    /// Whether weights that were packed for another product fit this one.
    func sharesPacking(with other: ConvolutionProduct) -> Bool {
        (winograd == nil) == (other.winograd == nil) && packedCount == other.packedCount
    }

    /// Chooses the algorithm.
    ///
    /// - Parameter geometry: The convolution.
    init(_ geometry: ConvolutionGeometry) {
        patches = geometry.patches
        layout = MatrixLayout(
            depth: patches.depth, columns: geometry.weight[0],
            unit: patches.columnTaps * patches.channels)
        rows = MatrixRun(layout: layout, rows: geometry.output.rows)
        winograd =
            geometry.isWinograd
            ? WinogradConvolution(
                input: geometry.input, output: geometry.output, padding: geometry.padding) : nil
        direct =
            winograd == nil && DirectConvolution.pays(patches, layout)
            ? DirectConvolution(patches, layout, images: geometry.input[0]) : nil
        packedCount = winograd?.weightCount ?? layout.count
        packingScratchCount = winograd?.weightScratchCount ?? 0
        scratchCount = winograd?.scratchCount ?? direct?.scratchCount ?? rows.patchScratchCount
    }

    /// Packs the weight.
    ///
    /// - Parameters:
    ///   - weight: `[O, kh, kw, I]`.
    ///   - packed: Room for `packedCount` floats.
    ///   - scratch: Room for `packingScratchCount` floats.
    func pack(
        _ weight: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        guard let winograd else {
            layout.packTransposed(weight, into: packed)
            return
        }
        winograd.packedLayout.packTransposed(weight, into: scratch)
        winograd.transformWeight(scratch, into: packed)
    }

    /// Computes the output.
    ///
    /// - Parameters:
    ///   - x: `[N, H, W, I]`.
    ///   - packed: The packed weight.
    ///   - epilogue: What follows the sums.
    ///   - y: Room for `[N, H', W', O]`.
    ///   - scratch: Room for `scratchCount` floats.
    func callAsFunction(
        _ x: UnsafePointer<Float>, _ packed: UnsafePointer<Float>, epilogue: MatrixEpilogue,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        if let winograd {
            winograd(x, weight: packed, epilogue: epilogue, into: y, scratch: scratch)
        } else if let direct {
            direct(x, packed, epilogue: epilogue, into: y, scratch: scratch)
        } else {
            rows(.patches(x, patches), packed, epilogue: epilogue, into: y, scratch: scratch)
        }
    }
}
