import KernelInterface

/// The output of a convolution, by the algorithm that its extents call for.
struct ConvolutionProduct: Sendable {
    /// How many calls a packed weight serves.
    enum WeightLife: Sendable {
        /// One: the weight changes.
        case oneCall
        /// Many: the weight is constant.
        case manyCalls
    }

    /// How a convolution is computed.
    private enum Algorithm: Sendable {
        case winograd(WinogradConvolution)
        case polyphase(PolyphaseConvolution)
        case direct(DirectConvolution)
        case patches(MatrixRun)
    }

    private let patches: PatchGeometry
    private let layout: MatrixLayout
    private let algorithm: Algorithm

    /// Floats of the packed weight.
    let packedCount: Int
    /// Floats of working memory of `pack`.
    let packingScratchCount: Int
    /// Floats of working memory of a call.
    let scratchCount: Int

    /// The name of the algorithm; patches are gathered where no other can take the extents.
    var algorithmName: String {
        switch algorithm {
        case .winograd: "Winograd"
        case .polyphase: "Winograd by phases"
        case .direct: "in place"
        case .patches: "by patches"
        }
    }

    /// Whether weights that were packed for another product fit this one.
    func sharesPacking(with other: ConvolutionProduct) -> Bool {
        packedCount == other.packedCount && packingScratchCount == other.packingScratchCount
    }

    /// Chooses the algorithm.
    ///
    /// - Parameters:
    ///   - geometry: The convolution.
    ///   - life: How many calls a packed weight serves.
    init(_ geometry: ConvolutionGeometry, _ life: WeightLife) {
        patches = geometry.patches
        layout = MatrixLayout(
            depth: patches.depth, columns: geometry.weight[0],
            unit: patches.columnTaps * patches.channels)
        algorithm = Self.algorithm(geometry, layout, life)
        switch algorithm {
        case .winograd(let winograd):
            packedCount = winograd.weightCount
            packingScratchCount = winograd.weightScratchCount
            scratchCount = winograd.scratchCount
        case .polyphase(let polyphase):
            packedCount = polyphase.weightCount
            packingScratchCount = polyphase.packingScratchCount
            scratchCount = polyphase.scratchCount
        case .direct(let direct):
            packedCount = layout.count
            packingScratchCount = 0
            scratchCount = direct.scratchCount
        case .patches(let rows):
            packedCount = layout.count
            packingScratchCount = 0
            scratchCount = rows.patchScratchCount
        }
    }

    private static func algorithm(
        _ geometry: ConvolutionGeometry, _ layout: MatrixLayout, _ life: WeightLife
    ) -> Algorithm {
        if geometry.isWinograd {
            return .winograd(
                WinogradConvolution(
                    input: geometry.input, output: geometry.output, padding: geometry.padding))
        }
        if geometry.isPolyphase(life) {
            return .polyphase(
                PolyphaseConvolution(
                    input: geometry.input, output: geometry.output, padding: geometry.padding))
        }
        if DirectConvolution.pays(geometry.patches, layout) {
            return .direct(
                DirectConvolution(geometry.patches, layout, images: geometry.input[0]))
        }
        return .patches(MatrixRun(layout: layout, rows: geometry.output.rows))
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
        switch algorithm {
        case .winograd(let winograd):
            winograd.packedLayout.packTransposed(weight, into: scratch)
            winograd.transformWeight(scratch, into: packed)
        case .polyphase(let polyphase):
            polyphase.pack(weight, into: packed, scratch: scratch)
        case .direct, .patches: layout.packTransposed(weight, into: packed)
        }
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
        switch algorithm {
        case .winograd(let winograd):
            winograd(x, weight: packed, epilogue: epilogue, into: y, scratch: scratch)
        case .polyphase(let polyphase):
            polyphase(x, weight: packed, epilogue: epilogue, into: y, scratch: scratch)
        case .direct(let direct):
            direct(x, packed, epilogue: epilogue, into: y, scratch: scratch)
        case .patches(let rows):
            rows(.patches(x, patches), packed, epilogue: epilogue, into: y, scratch: scratch)
        }
    }
}
