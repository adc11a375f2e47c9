import Layers
import Tensors

/// How the segmentation network fuses detail and semantics at boundaries, by the authors' names.
public enum BoundaryFusion: String, Codable, Sendable, CaseIterable {
    /// With a convolution for each map: all published models.
    case bgaf = "BGAF"
    /// A weighted mean and one convolution (Xu et al., "PIDNet", 2023).
    case bag = "Bag"
    /// Two 1x1 convolutions (the same).
    case lightBag = "Light_Bag"
}

/// Fuses a detail map `p` and a semantic map `i` as a boundary map `d` says, all of one shape.
protocol GuidedFusion: Sendable {
    func callAsFunction(_ maps: BEVANet.GuidedMaps, _ context: Context) -> Tensor
}

extension BEVANet {
    /// The maps of a fusion, each `[N, H, W, C]`.
    struct GuidedMaps {
        /// `p`.
        let detail: Tensor
        /// `i`.
        let semantic: Tensor
        /// `d`; its sigmoid is the weight `e` of the detail map.
        let boundary: Tensor

        /// `e p + (1 - e) i`.
        static func mean(_ detail: Tensor, _ semantic: Tensor, _ weight: Tensor) -> Tensor {
            weight * (detail - semantic) + semantic
        }
    }

    /// The fusion of a kind.
    static func fusion(
        _ scope: ParameterScope, _ kind: BoundaryFusion, inputs: Int, outputs: Int
    ) -> any GuidedFusion {
        switch kind {
        case .bgaf: AdaptiveFusion(scope, inputs: inputs, outputs: outputs)
        case .bag: MeanFusion(scope, inputs: inputs, outputs: outputs)
        case .lightBag: LightFusion(scope, inputs: inputs, outputs: outputs)
        }
    }

    /// BGAF: `out(e p' + (1 - e) i' + p' + i')` with convolved maps `p'` and `i'`.
    struct AdaptiveFusion: GuidedFusion {
        private let detail: PreactivatedConvolution
        private let semantic: PreactivatedConvolution
        private let out: PreactivatedConvolution

        init(_ scope: ParameterScope, inputs: Int, outputs: Int) {
            func convolution(_ name: String) -> PreactivatedConvolution {
                PreactivatedConvolution(scope[name], inputs, outputs, kernel: 3)
            }
            detail = convolution("conv_p")
            semantic = convolution("conv_i")
            out = convolution("out")
        }

        func callAsFunction(_ maps: GuidedMaps, _ context: Context) -> Tensor {
            let weight = maps.boundary.sigmoid()
            let (p, i) = (detail(maps.detail, context), semantic(maps.semantic, context))
            return out(GuidedMaps.mean(p, i, weight) + p + i, context)
        }
    }

    /// Bag: `conv(e p + (1 - e) i)`.
    struct MeanFusion: GuidedFusion {
        private let convolution: PreactivatedConvolution

        init(_ scope: ParameterScope, inputs: Int, outputs: Int) {
            convolution = PreactivatedConvolution(scope["conv"], inputs, outputs, kernel: 3)
        }

        func callAsFunction(_ maps: GuidedMaps, _ context: Context) -> Tensor {
            let weight = maps.boundary.sigmoid()
            return convolution(GuidedMaps.mean(maps.detail, maps.semantic, weight), context)
        }
    }

    /// Light_Bag: `conv_p((1 - e) i + p) + conv_i(i + e p)`.
    struct LightFusion: GuidedFusion {
        private let detail: NormalizedConvolution
        private let semantic: NormalizedConvolution

        init(_ scope: ParameterScope, inputs: Int, outputs: Int) {
            detail = NormalizedConvolution(scope["conv_p"], inputs, outputs, kernel: 1)
            semantic = NormalizedConvolution(scope["conv_i"], inputs, outputs, kernel: 1)
        }

        func callAsFunction(_ maps: GuidedMaps, _ context: Context) -> Tensor {
            let weight = maps.boundary.sigmoid()
            let (p, i) = (maps.detail, maps.semantic)
            return detail(i - weight * i + p, context) + semantic(i + weight * p, context)
        }
    }
}
